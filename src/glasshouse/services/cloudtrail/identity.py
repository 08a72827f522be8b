"""Who did it: CloudTrail's userIdentity element (CloudTrail user guide, "CloudTrail userIdentity element")."""

from datetime import UTC, datetime

from glasshouse.core.access import Principal
from glasshouse.core.call import Call

KINDS = {"root": "Root", "user": "IAMUser", "role": "AssumedRole", "federated": "FederatedUser"}
FEDERATED = {"AssumeRoleWithSAML": "SAMLUser", "AssumeRoleWithWebIdentity": "WebIdentityUser"}


def user_identity(call: Call, result: dict | None) -> dict:
    principal = call.principal
    if call.operation in FEDERATED:
        return _federated(FEDERATED[call.operation], result)
    if principal.kind == "anonymous":
        return {"type": "AWSAccount", "principalId": "", "accountId": "ANONYMOUS_PRINCIPAL"}
    if principal.kind == "service":
        return {"type": "AWSService", "invokedBy": principal.arn}
    identity = {
        "type": KINDS[principal.kind],
        "principalId": principal.user_id,
        "arn": principal.arn,
        "accountId": principal.account,
        "accessKeyId": call.access_key_id,
    }
    if principal.kind == "user":
        identity["userName"] = principal.arn.rpartition("/")[2]
    if principal.session:
        identity["sessionContext"] = _session_context(principal)
    return identity


def _federated(kind: str, result: dict | None) -> dict:
    """Somebody whom an identity provider vouches for: who that is, only a proof that was accepted tells."""
    if result is None:
        return {"type": kind}
    subject = result["Subject" if kind == "SAMLUser" else "SubjectFromWebIdentityToken"]
    if kind == "SAMLUser":
        provider, qualifier = result["Issuer"], result["NameQualifier"]
    else:
        provider, qualifier = result["Provider"], f"{result['Provider']}:{result['Audience']}"
    return {"type": kind, "principalId": f"{qualifier}:{subject}", "userName": subject, "identityProvider": provider}


def username(principal: Principal) -> str | None:
    """As LookupEvents lists it: of a user the name, of a session its name, of root `root`."""
    if principal.kind in ("anonymous", "service"):
        return None
    return "root" if principal.kind == "root" else principal.arn.rpartition("/")[2]


def _session_context(principal: Principal) -> dict:
    session = principal.session
    attributes = {
        "creationDate": iso(session["issued"]) if "issued" in session else None,
        "mfaAuthenticated": "true" if session.get("mfa") else "false",
    }
    context: dict = {"attributes": attributes}
    if principal.kind == "role":
        context["sessionIssuer"] = {
            "type": "Role",
            "principalId": principal.user_id.partition(":")[0],
            "arn": session["role_arn"],
            "accountId": principal.account,
            "userName": session["role_name"],
        }
    elif principal.kind == "federated":
        context["sessionIssuer"] = {
            "type": "IAMUser",
            "arn": session["user_arn"],
            "accountId": principal.account,
            "userName": session["user_name"],
        }
    if session.get("source_identity"):
        context["sourceIdentity"] = session["source_identity"]
    return context


def iso(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
