"""Comparison of policies by what they mean.

new_access(new, existing).permitted
granted_access(policy, ["s3:DeleteBucket"], []).reasons
public_access(policy).witness
"""

from __future__ import annotations

from .access import Access, Reason, Witness, granted_access, new_access, public_access

__all__ = ["Access", "Reason", "Witness", "granted_access", "new_access", "public_access"]
