"""Signing in, members and sessions."""
