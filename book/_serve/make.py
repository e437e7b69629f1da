"""Serves a folder on this machine alone: `python book/_serve/make.py _build/html 8000`."""

from __future__ import annotations

import functools
import http.server
import sys


def main(folder: str, port: str) -> None:
    if not (port.isdecimal() and 0 < int(port) < 65536):
        sys.exit(f"expected PORT to be a number from 1 to 65535, got {port!r}")
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    try:
        server = http.server.ThreadingHTTPServer(("127.0.0.1", int(port)), handler)
    except OSError as error:
        sys.exit(f"Port {port} cannot be used ({error.strerror}). Try: make serve PORT=9000")
    with server:
        print(f"The book is at http://localhost:{port} until you press Ctrl-C.", flush=True)
        try:
            server.serve_forever()
        except KeyboardInterrupt:
            print()


if __name__ == "__main__":
    main(*sys.argv[1:])
