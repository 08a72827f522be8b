"""ImportTable: a new table from files in S3, in DynamoDB JSON or CSV, compressed or not.

The files are read by a job, in a thread, and written in portions. Lines that are no items are counted, and told in the
log group /aws-dynamodb/imports. Differs from AWS: ION is refused.
"""

import json

from glasshouse.core import NotSupported, ServiceError, ids, outside
from glasshouse.engines.dynamo import Invalid, Item
from glasshouse.services.dynamodb.errors import (
    ImportConflictException,
    ImportNotFoundException,
    ResourceInUseException,
    ValidationException,
)
from glasshouse.services.dynamodb.exports import FAILURES
from glasshouse.services.dynamodb.import_lines import Unreadable, items_of, unpacked
from glasshouse.services.dynamodb.keys import place_of_item
from glasshouse.services.dynamodb.records import Import
from glasshouse.services.dynamodb.rows import Items

LOG_GROUP, LOGGED = "/aws-dynamodb/imports", 1000
NOT_ALL = "Some of the items failed validation checks. Please check CloudWatch error logs for more details."
AT_ONCE, PAGE, TOKEN_S = 500, 25, 8 * 3600
CREATED_WITH = {
    "TableName": "table_name", "AttributeDefinitions": "attribute_definitions", "KeySchema": "key_schema",
    "BillingMode": "billing_mode", "ProvisionedThroughput": "provisioned_throughput",
    "OnDemandThroughput": "on_demand_throughput", "SSESpecification": "sse_specification",
    "GlobalSecondaryIndexes": "global_secondary_indexes",
}  # fmt: skip


class Imports:
    """Imports from S3."""

    def import_table(
        self,
        s3_bucket_source: dict,
        input_format: str,
        table_creation_parameters: dict,
        client_token: str | None = None,
        input_format_options: dict | None = None,
        input_compression_type: str = "NONE",
    ):
        unknown = sorted(table_creation_parameters.keys() - CREATED_WITH.keys())
        if input_format == "ION" or unknown:
            told = f"InputFormat {input_format}" if input_format == "ION" else ", ".join(unknown)
            raise NotSupported(f"{told} is not supported by Glasshouse yet")
        if input_format_options and input_format != "CSV":
            raise ValidationException("InputFormatOptions can only be specified for the format CSV")
        asked = json.dumps({name: value for name, value in self.call.params.items() if name != "ClientToken"})
        if (known := self._same_import(client_token, asked)) is not None:
            return {"ImportTableDescription": known}
        given = {CREATED_WITH[name]: value for name, value in table_creation_parameters.items()}
        made = self.create_table(**given)["TableDescription"]
        self.cancel(f"activate/{made['TableName']}")
        number = f"{int(self.now * 1000):014d}-{ids.token(8, ids.HEX)}"
        begun = Import(
            f"{made['TableArn']}/import/{number}", made["TableArn"], made["TableId"], made["TableName"],
            s3_bucket_source, input_format, input_compression_type, table_creation_parameters, self.now,
            f"{self._log_group_arn()}:*", client_token=client_token or ids.uuid(), asked=asked,
            input_format_options=input_format_options,
        )  # fmt: skip
        self._begin_import(begun)
        self.imports.put(begun)
        return {"ImportTableDescription": begun}

    def describe_import(self, import_arn: str):
        found = self.imports.get(import_arn)
        if found is None:
            raise ImportNotFoundException(f"Import not found: {import_arn}")
        return {"ImportTableDescription": found}

    def list_imports(self, table_arn: str | None = None, page_size: int = PAGE, next_token: str | None = None):
        page = self.imports.page(page_size, next_token, where=lambda one: table_arn in (None, one.table_arn))
        return {"ImportSummaryList": page.records, "NextToken": page.next_token}

    # Within

    def _same_import(self, token: str | None, asked: str) -> Import | None:
        for one in self.imports.list() if token else ():
            if one.client_token == token and self.now - one.start_time < TOKEN_S:
                if one.asked != asked:
                    raise ImportConflictException("Import with same ClientToken but different parameters exists")
                return one
        return None

    def _begin_import(self, begun: Import):
        """Look for the files in the name of whoever asked; whom S3 refuses, the import fails."""
        source = begun.s3_bucket_source
        owner = {"ExpectedBucketOwner": source["S3BucketOwner"]} if source.get("S3BucketOwner") else {}
        prefix = source.get("S3KeyPrefix") or ""
        try:
            self.aws.as_caller().s3.list_objects_v2(Bucket=source["S3Bucket"], Prefix=prefix, MaxKeys=1, **owner)
        except ServiceError as failure:
            self._fail_import(begun, failure)
            return
        self.later("_read_import", arn=begun.import_arn)

    def _fail_import(self, begun: Import, failure: ServiceError):
        """Its table goes."""
        begun.import_status, begun.end_time = "FAILED", self.now
        begun.failure_code, begun.failure_message = FAILURES.get(failure.code, failure.code), failure.message
        table = self.tables.get(begun.table_name)
        if table is not None and table.id == begun.table_id:
            self.later("_finish_deletion", name=table.name, number=table.number)

    @outside
    def _read_import(self, arn: str):
        begun, table = self.inside("_imported_into", arn=arn)
        if begun is None:
            return
        begun.error_count = begun.processed_item_count = begun.processed_size_bytes = begun.imported_item_count = 0
        complaints: list[str] = []
        try:
            for key, size in self._import_keys(begun):
                begun.processed_size_bytes += size
                self._read_file(begun, table, key, complaints)
        except ServiceError as failure:
            self.inside("_end_import", begun=begun, complaints=complaints, failure=failure)
            return
        self.inside("_end_import", begun=begun, complaints=complaints, failure=None)

    def _imported_into(self, arn: str):
        begun = self.imports.get(arn)
        table = self.tables.get(begun.table_name) if begun else None
        return (begun, table) if table is not None and table.id == begun.table_id else (None, None)

    def _import_keys(self, begun: Import) -> list[tuple[str, int]]:
        source, found, token = begun.s3_bucket_source, [], {}
        while True:
            page = self.aws.s3.list_objects_v2(
                Bucket=source["S3Bucket"], Prefix=source.get("S3KeyPrefix") or "", **token
            )
            found += [(one["Key"], one["Size"]) for one in page.get("Contents", []) if not one["Key"].endswith("/")]
            if not page.get("IsTruncated"):
                return found
            token = {"ContinuationToken": page["NextContinuationToken"]}

    def _read_file(self, begun: Import, table, key: str, complaints: list[str]):
        body = self.aws.s3.get_object(Bucket=begun.s3_bucket_source["S3Bucket"], Key=key)["Body"]
        content = body if isinstance(body, bytes) else body.read()
        try:
            lines = list(items_of(unpacked(content, begun.input_compression_type), begun, table))
        except Unreadable as wrong:
            lines = [wrong]
        for begin in range(0, len(lines), AT_ONCE):
            portion = lines[begin : begin + AT_ONCE]
            begun.processed_item_count += len(portion)
            written, refused = self.inside("_write_imported", name=table.name, number=table.number, lines=portion)
            begun.imported_item_count += written
            begun.error_count += len(refused)
            complaints += [f"{key}: {wrong}" for wrong in refused][: LOGGED - len(complaints)]

    def _write_imported(self, name: str, number: int, lines: list[Item | Unreadable]) -> tuple[int, list[str]]:
        """How many items were written, and what was wrong with the others. The last one of a key stays."""
        table = self.tables.get(name)
        if table is None or table.number != number:
            raise ResourceInUseException(f"Table is being deleted: {name}")
        items, written, refused = Items(self.store, table, self.now), 0, []
        for line in lines:
            if isinstance(line, Unreadable):
                refused.append(str(line))
                continue
            try:
                size = items.measure(line)
                place = place_of_item(table, line)
                old, old_size = items.sized(place)
                items.write(place, old, old_size, line, size)
                written += 1
            except Invalid as wrong:
                refused.append(str(wrong))
        return written, refused

    def _end_import(self, begun: Import, complaints: list[str], failure: ServiceError | None):
        if failure is not None:
            self._fail_import(begun, failure)
        else:
            begun.import_status, begun.end_time = "FAILED" if begun.error_count else "COMPLETED", self.now
            if begun.error_count:
                begun.failure_code, begun.failure_message = "ItemValidationError", NOT_ALL
            self._activate(begun.table_name)
        self.imports.put(begun)
        if complaints:
            self._log_complaints(begun, complaints)

    def _log_complaints(self, begun: Import, complaints: list[str]):
        stream = begun.import_arn.rpartition("/")[2]
        try:
            with self.store.transaction():
                self.aws.logs.create_log_group(logGroupName=LOG_GROUP)
        except ServiceError:
            pass  # it is there from an earlier import
        self.aws.logs.create_log_stream(logGroupName=LOG_GROUP, logStreamName=stream)
        events = [{"timestamp": int(self.now * 1000), "message": complaint} for complaint in complaints]
        self.aws.logs.put_log_events(logGroupName=LOG_GROUP, logStreamName=stream, logEvents=events)

    def _log_group_arn(self) -> str:
        return self.call.arn(f"log-group:{LOG_GROUP}").replace(":dynamodb:", ":logs:", 1)
