"""The condition keys of a request, each computed when a policy asks for it."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from glasshouse.core.call import Call
from glasshouse.core.service import Service
from glasshouse.services.iam.identities import Identities
from glasshouse.services.iam.organizations import Organizations
from glasshouse.services.iam.requirements import table

PRINCIPAL_TYPES = {
    "root": "Account", "user": "User", "role": "AssumedRole", "federated": "FederatedUser", "anonymous": "Anonymous",
    "service": "Service", "saml": "Federated", "web": "Federated",
}  # fmt: skip
Values = Sequence[str]


class RequestContext(Mapping[str, Values]):
    """Condition keys in lower case and their values. A key that does not apply is absent."""

    def __init__(
        self, service: Service, action: str, resource: str, owner: str | None, organizations: Organizations,
        identities: Identities,
    ):  # fmt: skip
        self._service, self._call, self._resource, self._owner = service, service.call, resource, owner
        self._action, self._organizations, self._identities = action, organizations, identities
        self._known: dict[str, Values | None] = {}

    def get(self, key: str, default: Any = None) -> Any:
        if key not in self._known:
            self._known[key] = self._compute(key)
        found = self._known[key]
        return default if found is None else found

    def __getitem__(self, key: str) -> Values:
        found = self.get(key)
        if found is None:
            raise KeyError(key)
        return found

    def __iter__(self) -> Iterator[str]:
        known = (*GLOBAL_KEYS, *ORGANIZATION_KEYS, *table()["keys"])
        return iter([key for key in known if self.get(key) is not None])

    def __len__(self) -> int:
        return sum(1 for _ in self)

    def _compute(self, key: str) -> Values | None:
        compute = GLOBAL_KEYS.get(key)
        if compute is not None:
            return _listed(compute(self._service, self._call))
        prefix, _, name = key.partition("/")
        if prefix == "aws:principaltag":
            return _listed(_by_name(self._principal_tags(), name))
        if prefix == "aws:requesttag":
            return _listed(_by_name(_request_tags(self._call), name))
        if prefix in ("aws:resourcetag", "s3:existingobjecttag", "s3:buckettag"):
            return _listed(_by_name(self._service.cloud.tags.of(self._resource), name))
        if key == "aws:resourceaccount":
            return _listed(self._owner)
        if key == "iam:passedtoservice":
            return [_host(self._service, self._call.service)] if self._action == "iam:PassRole" else None
        if key == "iam:permissionsboundary":
            return _listed(self._boundary())
        if key in ORGANIZATION_KEYS:
            return self._of_organization(*ORGANIZATION_KEYS[key])
        if key.startswith("kms:encryptioncontext:"):
            given = self._call.params.get("EncryptionContext") or {}
            return _listed(_by_name(given, key.removeprefix("kms:encryptioncontext:")))
        member = table()["keys"].get(key)
        if member:
            return _listed(self._call.params.get(member))
        return _listed(_by_name(self._call.principal.session.get("claims", {}), key))

    def _of_organization(self, whose: str, what: str) -> Values | None:
        """The organization, or the path within it, of the principal, the resource or the source of the call."""
        principal = self._call.principal
        if whose == "principal":
            account = principal.account if principal.kind not in ("service", "anonymous", "saml", "web") else None
        else:
            account = self._owner if whose == "resource" else _source_account(self._service, self._call)
        place = self._organizations.place_of(account)
        return [getattr(place, what)] if place else None

    def _boundary(self) -> str | None:
        """The one that a user or role is to have, or, where it is changed in another way, the one that it has."""
        params = self._call.params
        if self._call.service != "iam" or params.get("PermissionsBoundary"):
            return params.get("PermissionsBoundary")
        return self._identities.boundary_of(self._call.account, params.get("UserName"), params.get("RoleName"))

    def _principal_tags(self) -> dict[str, str]:
        """Those of the user or role, and over them those of the session."""
        session = self._call.principal.session
        own = self._service.cloud.tags.of(session.get("role_arn", self._call.principal.arn))
        return {**own, **session.get("tags", {})}


def _principal_arn(service: Service, call: Call) -> str:
    principal = call.principal
    return principal.session.get("role_arn", principal.arn)


def _user_name(service: Service, call: Call) -> str | None:
    principal = call.principal
    return principal.arn.rpartition("/")[2] if principal.kind == "user" else None


def _time(service: Service, call: Call) -> str:
    return datetime.fromtimestamp(service.now, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _issued(service: Service, call: Call) -> str | None:
    issued = call.principal.session.get("issued")
    return None if issued is None else datetime.fromtimestamp(issued, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _mfa_age(service: Service, call: Call) -> int | None:
    since = call.principal.session.get("mfa")
    if not since:
        return 0 if _shows_code(call) else None
    return int(service.now - since)


def _mfa_present(service: Service, call: Call) -> bool | None:
    # Only temporary credentials carry the key at all, and calls that show a code: sts refuses those with a wrong one.
    session = call.principal.session
    if _shows_code(call):
        return True
    return bool(session.get("mfa")) if session else None


def _shows_code(call: Call) -> bool:
    return call.service == "sts" and bool(call.params.get("SerialNumber") and call.params.get("TokenCode"))


def _source_account(service: Service, call: Call) -> str | None:
    return call.source_arn.split(":")[4] or call.principal.account if call.source_arn else None


def _source_owner(service: Service, call: Call) -> str | None:
    """Whose alarm it is: by this key the policy that a topic has from the start lets alarms in, and nobody else."""
    return call.principal.account if call.principal.arn == "cloudwatch.amazonaws.com" else None


def _is_service(service: Service, call: Call) -> bool:
    return call.principal.kind == "service"


def _host(service: Service, name: str) -> str:
    """How policies name a service."""
    return f"{service.cloud.model.endpoint_prefix(name)}.amazonaws.com"


def _via_service(service: Service, call: Call) -> str | None:
    """The service that uses a key for somebody, as `s3.eu-west-1.amazonaws.com`."""
    name = call.via[-1] if call.via else None
    return name and _host(service, name).replace(".", f".{call.region}.", 1)


def _request_tags(call: Call) -> dict[str, str]:
    given = call.params.get("Tags") or call.params.get("tags") or {}
    if isinstance(given, dict):
        return given
    pairs = [tag for tag in given if isinstance(tag, dict)]
    return {tag.get("Key", tag.get("TagKey", "")): tag.get("Value", tag.get("TagValue", "")) for tag in pairs}


def _function_arn(service: Service, call: Call) -> str | None:
    """The function that a mapping or a permission is for, by its ARN however it was called."""
    name = call.params.get("FunctionName")
    if not name or name.startswith("arn:"):
        return name
    return call.arn(f"function:{name.rpartition('function:')[2]}")


GLOBAL_KEYS: dict[str, Callable[[Service, Call], Any]] = {
    "aws:principalarn": _principal_arn,
    "aws:principalaccount": lambda service, call: call.principal.account or None,
    "aws:principaltype": lambda service, call: PRINCIPAL_TYPES[call.principal.kind],
    "aws:principalisawsservice": _is_service,
    "aws:principalservicename": lambda service, call: call.principal.arn if _is_service(service, call) else None,
    "aws:userid": lambda service, call: call.principal.user_id,
    "aws:username": _user_name,
    "aws:sourceip": lambda service, call: call.source.address,
    # Loopback is as private as TLS: templates that refuse plain http run here over plain http too.
    "aws:securetransport": lambda service, call: call.source.secure or call.source.address in ("127.0.0.1", "::1"),
    "aws:useragent": lambda service, call: call.source.user_agent,
    "aws:requestedregion": lambda service, call: call.region,
    "aws:currenttime": _time,
    "aws:epochtime": lambda service, call: int(service.now),
    "aws:tokenissuetime": _issued,
    "aws:multifactorauthpresent": _mfa_present,
    "aws:multifactorauthage": _mfa_age,
    "aws:sourcearn": lambda service, call: call.source_arn,
    "aws:sourceaccount": _source_account,
    "aws:sourceowner": _source_owner,
    "aws:sourceidentity": lambda service, call: call.principal.session.get("source_identity"),
    "aws:federatedprovider": lambda service, call: call.principal.session.get("provider"),
    "aws:viaawsservice": lambda service, call: bool(call.via),
    "aws:calledvia": lambda service, call: [_host(service, one) for one in call.via],
    "aws:calledviafirst": lambda service, call: _host(service, call.via[0]) if call.via else None,
    "aws:calledvialast": lambda service, call: _host(service, call.via[-1]) if call.via else None,
    "lambda:functionarn": _function_arn,
    "kms:viaservice": lambda service, call: _via_service(service, call),
    "aws:tagkeys": lambda service, call: list(_request_tags(call)) or call.params.get("TagKeys"),
    "kms:encryptioncontextkeys": lambda service, call: list(call.params.get("EncryptionContext") or ()) or None,
}

ORGANIZATION_KEYS = {
    "aws:principalorgid": ("principal", "organization"), "aws:principalorgpaths": ("principal", "path"),
    "aws:resourceorgid": ("resource", "organization"), "aws:resourceorgpaths": ("resource", "path"),
    "aws:sourceorgid": ("source", "organization"), "aws:sourceorgpaths": ("source", "path"),
}  # fmt: skip


def _by_name(values: Mapping[str, Any], name: str) -> Any:
    """Names in condition keys have no case."""
    return next((value for key, value in values.items() if key.lower() == name), None)


def _listed(value: Any) -> Values | None:
    if value is None or value == []:
        return None
    if isinstance(value, bool):
        return ["true" if value else "false"]
    return [str(item) for item in value] if isinstance(value, list) else [str(value)]
