"""ExportTableToPointInTime: what a table held, or what changed in it, as files in S3, laid out as AWS lays them out.

The files of an export are written by a job, in a thread. Source: developer guide, "DynamoDB table export output
format".
Differs from AWS: the format is DYNAMODB_JSON; exports of the current moment see everything written before.
"""

import gzip
import hashlib
import json
from base64 import b64encode
from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import islice

import msgspec

from glasshouse.core import NotSupported, ServiceError, ids, outside
from glasshouse.engines.dynamo import Item
from glasshouse.services.dynamodb.errors import (
    ExportConflictException,
    ExportNotFoundException,
    InvalidExportTimeException,
    PointInTimeRecoveryUnavailableException,
    ValidationException,
)
from glasshouse.services.dynamodb.keys import key_of
from glasshouse.services.dynamodb.records import DynamoTable, Export
from glasshouse.services.dynamodb.rows import decode

ITEMS_PER_FILE, PAGE = 50_000, 25
TOKEN_S, QUARTER_S, DAY_S = 8 * 3600, 15 * 60, 86_400
FAILURES = {"NoSuchBucket": "S3NoSuchBucket", "AccessDenied": "S3AccessDenied"}
Line = dict  # one line of a data file


class Exports:
    """Exports to S3."""

    def export_table_to_point_in_time(
        self,
        table_arn: str,
        s3_bucket: str,
        export_time: float | None = None,
        client_token: str | None = None,
        s3_bucket_owner: str | None = None,
        s3_prefix: str | None = None,
        s3_sse_algorithm: str | None = None,
        s3_sse_kms_key_id: str | None = None,
        export_format: str = "DYNAMODB_JSON",
        export_type: str = "FULL_EXPORT",
        incremental_export_specification: dict | None = None,
    ):
        if export_format != "DYNAMODB_JSON":
            raise NotSupported(f"ExportFormat {export_format} is not supported by Glasshouse yet")
        table = self._recoverable(table_arn)
        asked = json.dumps({name: value for name, value in self.call.params.items() if name != "ClientToken"})
        if (known := self._same_export(client_token, asked)) is not None:
            return {"ExportDescription": known}
        if table.recovery_since is None:
            raise PointInTimeRecoveryUnavailableException(
                f"Point in time recovery is not enabled for table '{table.name}'"
            )
        export = Export(
            f"{table.arn}/export/{int(self.now * 1000):014d}-{ids.token(8, ids.HEX)}", table.arn, table.id, table.name,
            export_type, export_format, s3_bucket, self.now, client_token=client_token or ids.uuid(), asked=asked,
            s3_bucket_owner=s3_bucket_owner, s3_prefix=s3_prefix, s3_sse_algorithm=s3_sse_algorithm,
            s3_sse_kms_key_id=s3_sse_kms_key_id,
        )  # fmt: skip
        if export_type == "FULL_EXPORT":
            export.export_time = self._export_time(table, export_time)
        else:
            export.incremental_export_specification = self._increment(table, incremental_export_specification or {})
        self._begin_export(export)
        self.exports.put(export)
        return {"ExportDescription": export}

    def describe_export(self, export_arn: str):
        return {"ExportDescription": self._export(export_arn)}

    def list_exports(self, table_arn: str | None = None, max_results: int = PAGE, next_token: str | None = None):
        page = self.exports.page(max_results, next_token, where=lambda export: table_arn in (None, export.table_arn))
        return {"ExportSummaries": page.records, "NextToken": page.next_token}

    # Within

    def _export(self, arn: str) -> Export:
        export = self.exports.get(arn)
        if export is None:
            raise ExportNotFoundException(f"Export not found: {arn}")
        return export

    def _same_export(self, token: str | None, asked: str) -> Export | None:
        """The export that was begun with this token in the last eight hours."""
        for export in self.exports.list() if token else ():
            if export.client_token == token and self.now - export.start_time < TOKEN_S:
                if export.asked != asked:
                    raise ExportConflictException("Export with same ClientToken but different parameters exists")
                return export
        return None

    def _export_time(self, table: DynamoTable, asked: float | None) -> float:
        if asked is None:
            return self.now
        if not int(self._earliest(table)) <= asked <= self.now:
            raise InvalidExportTimeException()
        return asked

    def _increment(self, table: DynamoTable, asked: dict) -> dict:
        """The span of an incremental export: between a quarter of an hour and a day."""
        begin, end = asked.get("ExportFromTime"), asked.get("ExportToTime")
        if begin is None:
            raise ValidationException("IncrementalExportSpecification requires ExportFromTime")
        end = self.now if end is None else end
        if not QUARTER_S <= end - begin <= DAY_S:
            raise ValidationException(
                "The difference between ExportFromTime and ExportToTime must be between 15 minutes and 24 hours"
            )
        if begin < int(self._earliest(table)) or end > self.now + 1:
            raise InvalidExportTimeException()
        view = asked.get("ExportViewType") or "NEW_AND_OLD_IMAGES"
        return {"ExportFromTime": begin, "ExportToTime": end, "ExportViewType": view}

    def _begin_export(self, export: Export):
        """Mark the place in S3 in the name of whoever asked; whom S3 refuses, the export fails."""
        place = {"Bucket": export.s3_bucket, "Key": f"{export.folder}{export.number}/_started", "Body": b""}
        if export.s3_bucket_owner:
            place["ExpectedBucketOwner"] = export.s3_bucket_owner
        try:
            with self.store.transaction():
                self.aws.as_caller().s3.put_object(**place, **_encryption(export))
        except ServiceError as failure:
            _fail(export, failure, self.now)
            return
        self.later("_write_export", arn=export.export_arn)

    @outside
    def _write_export(self, arn: str):
        """Data files first, then what lists them."""
        export, lines = self.inside("_export_lines", arn=arn)
        if export is None:
            return
        try:
            self._write_files(export, iter(lines))
        except ServiceError as failure:
            _fail(export, failure, self.now)
        self.inside("_end_export", export=export)

    def _export_lines(self, arn: str) -> tuple[Export | None, list[Line]]:
        """The export, and what is to be written of its table."""
        export = self.exports.get(arn)
        table = self.tables.get(export.table_name) if export else None
        if export is None or table is None or table.id != export.table_id:
            return None, []
        if export.export_time is not None:
            return export, [{"Item": decode(body)} for body in self._images_at(table, export.export_time)]
        return export, list(self._changed_lines(table, export.incremental_export_specification or {}))

    def _changed_lines(self, table: DynamoTable, span: dict) -> Iterator[Line]:
        """Each item that changed within the span: as it was before it, and as it was at its end."""
        begin, end = span["ExportFromTime"], span["ExportToTime"]
        rows = self.store.read(
            "SELECT hash, range, written, body FROM dynamodb_image WHERE number = ? AND written < ?"
            " ORDER BY hash, range, written, id",
            (table.number, end),
        )
        images: dict[tuple[bytes, bytes], list[tuple[float, bytes | None]]] = {}
        for hash, range, written, body in rows:
            images.setdefault((hash, range), []).append((written, body))
        for known in images.values():
            if known[-1][0] >= begin:
                yield _changed(table, known, begin, span["ExportViewType"])

    def _end_export(self, export: Export):
        export.end_time = self.now
        self.exports.put(export)

    def _write_files(self, export: Export, lines: Iterator[Line]):
        within = f"{export.folder}{export.number}/"
        data = f"{within}data/" if export.export_type == "FULL_EXPORT" else f"{export.folder}data/"
        files, items, size = [], 0, 0
        while (portion := list(islice(lines, ITEMS_PER_FILE))) or not files:
            text = b"".join(msgspec.json.encode(line) + b"\n" for line in portion)
            packed = gzip.compress(text, mtime=0)
            key = f"{data}{ids.token(26, ids.LOWER)}.json.gz"
            etag = self._write_file(export, key, packed)
            files.append({"itemCount": len(portion), "md5Checksum": _md5(packed), "etag": etag, "dataFileS3Key": key})
            items, size = items + len(portion), size + len(text)
        export.item_count, export.billed_size_bytes = items, size
        listed = "".join(json.dumps(one, separators=(",", ":")) + "\n" for one in files).encode()
        self._write_with_sum(export, f"{within}manifest-files.json", listed)
        summary = json.dumps(_summary(export, self.now), separators=(",", ":")).encode()
        self._write_with_sum(export, f"{within}manifest-summary.json", summary)
        export.export_manifest, export.export_status = f"{within}manifest-summary.json", "COMPLETED"

    def _write_with_sum(self, export: Export, key: str, content: bytes):
        self._write_file(export, key, content)
        self._write_file(export, f"{key.removesuffix('.json')}.md5", _md5(content).encode())

    def _write_file(self, export: Export, key: str, content: bytes) -> str:
        told = self.aws.s3.put_object(Bucket=export.s3_bucket, Key=key, Body=content, **_encryption(export))
        return told["ETag"].strip('"')


def _encryption(export: Export) -> dict:
    if export.s3_sse_algorithm == "KMS":
        key = {"SSEKMSKeyId": export.s3_sse_kms_key_id} if export.s3_sse_kms_key_id else {}
        return {"ServerSideEncryption": "aws:kms", **key}
    return {"ServerSideEncryption": "AES256"} if export.s3_sse_algorithm else {}


def _fail(export: Export, failure: ServiceError, now: float):
    export.export_status, export.end_time = "FAILED", now
    export.failure_code, export.failure_message = FAILURES.get(failure.code, failure.code), failure.message


def _changed(table: DynamoTable, known: list[tuple[float, bytes | None]], begin: float, view: str) -> Line:
    before = next((body for written, body in reversed(known) if written < begin), None)
    written, after = known[-1]
    some = next(body for _, body in reversed(known) if body is not None)
    line: Line = {
        "Metadata": {"WriteTimestampMicros": {"N": str(int(written * 1_000_000))}},
        "Keys": key_of(table, decode(some)),
    }
    if before is not None and view == "NEW_AND_OLD_IMAGES":
        line["OldImage"] = _item(before)
    if after is not None:
        line["NewImage"] = _item(after)
    return line


def _item(body: bytes) -> Item:
    return decode(body)


def _md5(content: bytes) -> str:
    return b64encode(hashlib.md5(content, usedforsecurity=False).digest()).decode()


def _summary(export: Export, now: float) -> dict:
    """manifest-summary.json"""
    told: dict = {
        "version": "2020-06-30" if export.export_type == "FULL_EXPORT" else "2023-08-01",
        "exportArn": export.export_arn, "startTime": _written(export.start_time), "endTime": _written(now),
        "tableArn": export.table_arn, "tableId": export.table_id,
    }  # fmt: skip
    span = export.incremental_export_specification
    if span is None:
        told["exportTime"] = _written(export.export_time or now)
    else:
        told |= {
            "exportFromTime": _written(span["ExportFromTime"]), "exportToTime": _written(span["ExportToTime"]),
        }  # fmt: skip
    told |= {
        "s3Bucket": export.s3_bucket, "s3Prefix": export.s3_prefix,
        "s3SseAlgorithm": export.s3_sse_algorithm or "AES256", "s3SseKmsKeyId": export.s3_sse_kms_key_id,
        "manifestFilesS3Key": f"{export.folder}{export.number}/manifest-files.json",
        "billedSizeBytes": export.billed_size_bytes, "itemCount": export.item_count,
        "outputFormat": export.export_format,
    }  # fmt: skip
    if span is not None:
        told["outputView"] = "NEW_IMAGE" if span["ExportViewType"] == "NEW_IMAGE" else "NEW_AND_OLD_IMAGES"
    return {**told, "exportType": export.export_type}


def _written(moment: float) -> str:
    return datetime.fromtimestamp(moment, UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
