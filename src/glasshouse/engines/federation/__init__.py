"""Proofs of identity from elsewhere: SAML 2.0 assertions and OpenID Connect tokens, verified and taken apart.

    token = read_token(text)                       # who it says has issued it, and with which key it is signed
    claims = token.verified(keys)                  # raises Untrusted
    provider = read_metadata(xml)                  # a SAML identity provider's entity id and certificates
    assertion = provider.verified(response)        # raises Untrusted

Nothing here reads a clock or a network: times are for the caller to judge, keys for the caller to fetch.
"""

from __future__ import annotations


class Untrusted(Exception):
    """A proof that proves nothing; the message says why."""
