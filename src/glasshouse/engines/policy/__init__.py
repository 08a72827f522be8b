"""The language of IAM policies as a library: read them, decide by them, check them, compare them.

    policy = compile_policy(text, name="arn:aws:iam::111122223333:policy/readers")
    request = Request(Principal.user(arn), "s3:GetObject", "arn:aws:s3:::bucket/key", context={"aws:sourceip": [ip]})
    decision = decide(request, Policies(identity=[policy]))

It knows no API and keeps nothing: who the principal is, which policies apply and what the context holds, the caller
says. `document` reads JSON with positions, `parse` makes the syntax tree, `compile` what is evaluated, `evaluate`
decides, `wording` puts a refusal in AWS's words, `wellformed` refuses what IAM refuses to store, `checks` find what
IAM Access Analyzer's validation finds (with `service_data`, what services know of actions, resources and keys),
`compare` tells whether a policy permits more than another one, some given access, or access to everyone.
"""

from __future__ import annotations

from .compile import CompiledPolicy, CompiledStatement, MalformedPolicy, compile_policy
from .evaluate import Decision, Policies, PolicyType, Request, ResourceRule, decide, matching
from .parse import parse
from .principals import Grant, Principal, PrincipalKind
from .wording import access_denied

__all__ = [
    "CompiledPolicy",
    "CompiledStatement",
    "Decision",
    "Grant",
    "MalformedPolicy",
    "Policies",
    "PolicyType",
    "Principal",
    "PrincipalKind",
    "Request",
    "ResourceRule",
    "access_denied",
    "compile_policy",
    "decide",
    "matching",
    "parse",
]
