"""API keys: what callers show in the header x-api-key, or authorizers give them."""

import csv
import io
from hashlib import sha256

from glasshouse.core import ids
from glasshouse.services.apigateway import errors, patches
from glasshouse.services.apigateway.errors import BadRequestException, ConflictException, NotFoundException
from glasshouse.services.apigateway.finding import by_youth
from glasshouse.services.apigateway.records import ApiKey, KeyValue

SHORTEST, LONGEST = 20, 128
LONGEST_NAME, LONGEST_DESCRIPTION = 1024, 125_000
COLUMNS = {"name", "key", "description", "enabled", "usageplanids"}


class Keys:
    def create_api_key(
        self, name: str | None = None, description: str | None = None, enabled: bool = False,
        generate_distinct_id: bool = False, value: str | None = None, stage_keys: list | None = None,
        customer_id: str | None = None, tags: dict | None = None,
    ):  # fmt: skip
        stages = [f"{one.get('restApiId')}/{one.get('stageName')}" for one in stage_keys or ()]
        key = self._new_key(name, value, bool(enabled), description, customer_id)
        key.stage_keys = stages
        self.keys.put(key)
        self.cloud.tags.add(self._arn(f"/apikeys/{key.id}"), tags)
        return self._shown_key(key, with_value=True, always_tags=False)

    def get_api_key(self, api_key: str, include_value: bool = False):
        return self._shown_key(self._key(api_key), bool(include_value))

    def get_api_keys(
        self, position: str | None = None, limit: int | None = None, name_query: str | None = None,
        customer_id: str | None = None, include_values: bool = False,
    ):  # fmt: skip
        keys = (
            key for key in self.keys.list()
            if (key.name or "").startswith(name_query or "") and customer_id in (None, key.customer_id)
        )  # fmt: skip
        page = self._page(keys, limit, position, lambda key: by_youth(key.created_date, key.id))
        shown = [self._shown_key(key, bool(include_values), always_tags=False) for key in page["items"]]
        return page | {"items": shown}

    def update_api_key(self, api_key: str, patch_operations: list | None = None):
        key = self._key(api_key)
        fields = {
            "/description": ("description", patches.text), "/enabled": ("enabled", patches.boolean),
            "/name": ("name", patches.text), "/customerId": ("customer_id", patches.text),
        }  # fmt: skip
        patches.replace_listed(key, patch_operations, fields)
        _check_words(key.name, key.description)
        key.last_updated_date = self.now
        return self._shown_key(self.keys.put(key), with_value=False)

    def delete_api_key(self, api_key: str):
        key = self._key(api_key)
        self.key_values.delete(KeyValue(digest(self._value_of(key)), key.id))
        for link in list(self.plan_keys.list()):
            if link.id == key.id:
                self.plan_keys.delete(link)
        self.cloud.tags.clear(self._arn(f"/apikeys/{key.id}"))
        self.keys.delete(key)

    def import_api_keys(self, body: bytes, format: str, fail_on_warnings: bool = False):
        """From a table whose first line names its columns: Name,Key,Description,Enabled,UsagePlanIds."""
        if format != "csv":
            raise BadRequestException(f"Unsupported format specified: {format}")
        rows = _rows(body)
        made, warnings = [], []
        for row in rows:
            key = self._new_key(
                row.get("name"), row.get("key"), patches.boolean(row.get("enabled", "true")), row.get("description")
            )
            made.append(self.keys.put(key).id)
            for plan in filter(None, (name.strip() for name in (row.get("usageplanids") or "").split(","))):
                if self.plans.get(plan) is None:
                    warnings.append(f"Invalid Usage Plan ID specified: {plan}")
                else:
                    self._link(plan, key.id)
        if warnings and fail_on_warnings:
            raise BadRequestException(f"Failed to import API keys: {', '.join(warnings)}")
        return {"ids": made, "warnings": warnings}

    # Within

    def _key(self, key_id: str) -> ApiKey:
        key = self.keys.get(key_id)
        if key is None:
            raise NotFoundException(errors.NO_KEY)
        return key

    def _new_key(
        self, name: str | None, value: str | None, enabled: bool, description: str | None,
        customer_id: str | None = None,
    ) -> ApiKey:  # fmt: skip
        """A key that is not kept yet; its value is taken from now on."""
        _check_words(name, description)
        if value and len(value) < SHORTEST:
            raise BadRequestException(f"API Key value should be at least {SHORTEST} characters")
        if value and len(value) > LONGEST:
            raise BadRequestException(f"API Key value exceeds maximum size of {LONGEST} characters")
        if value and self.key_values.get(digest(value)):
            raise ConflictException("API Key already exists")
        value = value or ids.token(40)
        sealed = self.cloud.seal.close(value.encode()).hex()
        key = ApiKey(
            ids.token(10, ids.LOWER), sealed, name or None, self.now, self.now, enabled, description, customer_id,
        )  # fmt: skip
        self.key_values.put(KeyValue(digest(value), key.id))
        return key

    def _value_of(self, key: ApiKey) -> str:
        return self.cloud.seal.open(bytes.fromhex(key.sealed_value)).decode()

    def _shown_key(self, key: ApiKey, with_value: bool, always_tags: bool = True) -> dict:
        tags = self._tags(f"/apikeys/{key.id}")
        return {
            "id": key.id, "value": self._value_of(key) if with_value else None, "name": key.name,
            "customerId": key.customer_id, "description": key.description, "enabled": key.enabled,
            "createdDate": key.created_date, "lastUpdatedDate": key.last_updated_date, "stageKeys": key.stage_keys,
            "tags": tags if tags or always_tags else None,
        }  # fmt: skip


def _check_words(name: str | None, description: str | None):
    if name and len(name) > LONGEST_NAME:
        raise BadRequestException(f"Invalid API Key name, can be at most {LONGEST_NAME} characters.")
    if description and len(description) > LONGEST_DESCRIPTION:
        raise BadRequestException("Invalid API Key description specified.")


def digest(value: str) -> str:
    """By which the key of a value is found."""
    return sha256(value.encode()).hexdigest()


def _rows(body: bytes) -> list[dict[str, str]]:
    """The lines of the table, by the names of their columns in lower case."""
    try:
        text = bytes(body).decode("utf-8-sig")
    except UnicodeDecodeError:
        raise BadRequestException("Invalid CSV file: it is not in UTF-8") from None
    reader = csv.DictReader(io.StringIO(text), skipinitialspace=True)
    names = [(name or "").strip().lower() for name in reader.fieldnames or ()]
    if "name" not in names or "key" not in names or not set(names) <= COLUMNS:
        raise BadRequestException("Invalid CSV file: it needs the columns Name and Key")
    return [
        {(name or "").strip().lower(): (value or "").strip() for name, value in row.items() if isinstance(value, str)}
        for row in reader
    ]
