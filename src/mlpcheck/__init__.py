"""Checks a student's mlp.py against autograd and says where the mistake is."""
