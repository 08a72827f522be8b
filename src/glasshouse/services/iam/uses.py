"""Who used what and when, noted as the calls come: access keys, roles, and services for the access advisor.

To the minute: a key's first call of an operation in a minute is written, the others cost a look into memory. Attempts
count, also those that are refused, as they do on AWS.
"""

from glasshouse.core.call import Call
from glasshouse.core.cloud import Cloud
from glasshouse.core.ports import Operation
from glasshouse.core.table import Rows, Table
from glasshouse.services.iam.identities import ROLES
from glasshouse.services.iam.records import KeyUse, ServiceUse
from glasshouse.services.iam.requirements import requirements, table

MINUTE_S = 60
REMEMBERED = 20_000
KEY_USES = Table(KeyUse, key="access_key_id", scope="cloud")
SERVICE_USES = Table(ServiceUse, key=("entity_arn", "namespace"), scope="account")


class Uses:
    """Notes the calls of users and roles."""

    def __init__(self, cloud: Cloud):
        self._cloud = cloud
        self._noted: dict[tuple[str, str, str], int] = {}

    def note(self, call: Call, operation: Operation, now: float) -> None:
        """A call that was signed with somebody's key."""
        if call.access_key_id is None:
            return
        minute = int(now) // MINUTE_S
        key = (call.access_key_id, call.service, call.operation)
        if self._noted.get(key) == minute:
            return
        if len(self._noted) > REMEMBERED:
            self._noted.clear()
        self._noted[key] = minute
        with self._cloud.store.transaction():
            self._write(call, tuple(operation.arguments), float(minute * MINUTE_S))

    def _write(self, call: Call, members: tuple[str, ...], moment: float) -> None:
        principal, store = call.principal, self._cloud.store
        namespace = table()["prefixes"].get(call.service, call.service)
        if not principal.session:
            use = KeyUse(call.access_key_id or "", moment, namespace, call.region)
            Rows(KEY_USES, store, "iam.key_uses", "", "").put(use)
        if principal.kind == "role":
            self._note_role(call, moment)
        entity = principal.session.get("role_arn", principal.session.get("user_arn", principal.arn))
        rows = Rows(SERVICE_USES, store, "iam.service_uses", principal.account, "")
        used = rows.get(entity, namespace) or ServiceUse(entity, namespace, moment, call.region)
        used.date, used.region = moment, call.region
        for requirement in requirements(call.service, call.operation, members):
            used.actions[requirement.action.partition(":")[2]] = (moment, call.region)
        rows.put(used)

    def _note_role(self, call: Call, moment: float) -> None:
        rows = Rows(ROLES, self._cloud.store, "iam.roles", call.principal.account, "")
        role = rows.get(call.principal.session["role_name"])
        if role:
            role.last_used, role.last_used_region = moment, call.region
            rows.put(role)
