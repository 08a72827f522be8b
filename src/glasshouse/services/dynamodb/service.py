"""DynamoDB: tables of items, found by their keys.

Differs from AWS: tables and indexes are ready with the next tick of the clock; every read is consistent; calls come one
after another, so transactions never conflict; counts and sizes are exact; a table of provisioned capacity or on demand
consumes the same units, and only the former (or a configured maximum) throttles; a stream has one shard; items expire
at the second they say; the KMS key of a table is checked and told, while its items lie in the store as they came;
contributor insights, bulk operations and vector indexes are refused.
"""

from glasshouse.core import NotSupported, Service, Table
from glasshouse.core.once import once
from glasshouse.services.dynamodb.backups import Backups
from glasshouse.services.dynamodb.batches import Batches
from glasshouse.services.dynamodb.definitions import check_name
from glasshouse.services.dynamodb.destinations import Destinations
from glasshouse.services.dynamodb.errors import ResourceNotFoundException
from glasshouse.services.dynamodb.expiring import Expiring
from glasshouse.services.dynamodb.exports import Exports
from glasshouse.services.dynamodb.imports import Imports
from glasshouse.services.dynamodb.items import ItemOperations
from glasshouse.services.dynamodb.metering import Metering
from glasshouse.services.dynamodb.reading import Reading
from glasshouse.services.dynamodb.records import Backup, DynamoTable, Export, Import
from glasshouse.services.dynamodb.replicas import Replicas
from glasshouse.services.dynamodb.scattering import Scattering
from glasshouse.services.dynamodb.selecting import Selecting
from glasshouse.services.dynamodb.settings import Settings
from glasshouse.services.dynamodb.statements import Statements
from glasshouse.services.dynamodb.table_updates import TableUpdates
from glasshouse.services.dynamodb.tables import Tables
from glasshouse.services.dynamodb.transactions import Transactions
from glasshouse.services.dynamodb.writes import Writes


class Dynamodb(
    Tables, TableUpdates, ItemOperations, Reading, Batches, Transactions, Statements, Selecting,
    Backups, Exports, Imports, Destinations, Replicas, Expiring, Settings, Scattering, Writes, Metering, Service,
):  # fmt: skip
    name = "dynamodb"
    tables = Table(DynamoTable, key="name")
    backups = Table(Backup, key="arn")
    exports = Table(Export, key="export_arn")
    imports = Table(Import, key="import_arn")

    @once
    def _found(self) -> dict[str, DynamoTable | None]:
        """Tables by what the request calls them, for the time of this call."""
        return {}

    def resource_arns(self, params: dict) -> list[str] | None:
        arns = [name if name.startswith("arn:") else self.call.arn(f"table/{name}") for name in _named(params)]
        if params.get("IndexName") and arns:
            return [f"{arns[0]}/index/{params['IndexName']}"]
        return arns or None

    def resource_policies(self, params: dict) -> list[tuple[str, str]]:
        found = []
        for name in _named(params):
            table = self._find(name)
            if table is not None and table.policy:
                found.append((f"{table.arn}*", table.policy))
        return found

    def resource_account(self, params: dict) -> str | None:
        name = params.get("TableName") or params.get("ResourceArn") or ""
        return _scope(name)[0] or None if name.startswith("arn:") else None

    def _find(self, name: str) -> DynamoTable | None:
        """The table of a name or ARN. Access asks for it first, so it is remembered."""
        known = self._found.get(name)
        if known is not None:
            return known
        if name.startswith("arn:"):
            account, region = _scope(name)
            table = self.tables.within(account, region).get(self._name_of(name)) if region == self.call.region else None
        else:
            table = self.tables.get(name)
        self._found[name] = table
        return table

    def _table(self, name: str) -> DynamoTable:
        """The table of a name or ARN, if its items can be used."""
        table = self._find(name)
        if table is None or table.status not in ("ACTIVE", "UPDATING"):
            check_name(self._name_of(name), shortest=1)
            raise ResourceNotFoundException()
        return self._scattered(table)

    def _keep(self, table: DynamoTable):
        """Write down what has changed of a table. Its jobs run in its own account, so others cannot manage it."""
        if _scope(table.arn)[0] != self.call.account:
            raise NotSupported("Managing a table of another account is not supported by Glasshouse yet")
        self.tables.put(table)

    @staticmethod
    def _name_of(name: str) -> str:
        """The name in a table's ARN, or the name itself."""
        return name.split(":", 5)[5].split("/")[1] if name.startswith("arn:") and "/" in name else name


def _named(params: dict) -> list[str]:
    """The tables that a call concerns, by name or ARN."""
    if name := params.get("TableName") or params.get("ResourceArn"):
        return [name]
    if "TransactItems" in params:
        asked = [next(iter(action.values()), {}) for action in params["TransactItems"]]
        return list(dict.fromkeys(one["TableName"] for one in asked if "TableName" in one))
    return list(params.get("RequestItems", ()))


def _scope(arn: str) -> tuple[str, str]:
    """(account, region) of an ARN."""
    parts = arn.split(":", 5)
    return (parts[4], parts[3]) if len(parts) == 6 else ("", "")
