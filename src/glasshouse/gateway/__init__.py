"""Bytes in, bytes out: connections, TLS, signatures, routing, bodies, and the admin API."""
