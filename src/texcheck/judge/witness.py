from __future__ import annotations
from texcheck import syntax as t
from texcheck.networks.network import Network
from texcheck.verdict import Refuted

def refute(statement: t.Statement, network: Network) -> Refuted | None:
    return None
