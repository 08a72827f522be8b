"""Logs Insights: queries that run beside the calls, in portions, and keep their results for a week."""

from base64 import b64decode, b64encode
from collections import Counter
from collections.abc import Iterator
from itertools import islice

from glasshouse.core import ids, outside
from glasshouse.engines.insights import InvalidQuery, Row, parse
from glasshouse.services.logs.errors import (
    InvalidParameterException,
    MalformedQueryException,
    ResourceNotFoundException,
)
from glasshouse.services.logs.events import PORTION, Event
from glasshouse.services.logs.records import LogGroup, Query, QueryDefinition

KEPT_S = 7 * 86_400
QUERIED_GROUPS = 50
MINUTE_MS = 60_000
SPAN_MS = 8 * MINUTE_MS
SAMPLED, MOST_FIELDS = 10_000, 200


class Queries:
    """The operations on queries and their definitions."""

    def start_query(
        self,
        start_time: int,
        end_time: int,
        query_string: str,
        log_group_name: str | None = None,
        log_group_names: list | None = None,
        log_group_identifiers: list | None = None,
        limit: int | None = None,
        query_language: str = "CWLI",
    ):
        _check_language(query_language)
        given = [
            names
            for names in ([log_group_name] if log_group_name else [], log_group_names, log_group_identifiers)
            if names
        ]
        if len(given) != 1:
            raise InvalidParameterException(
                "Exactly one of logGroupName, logGroupNames and logGroupIdentifiers is needed."
            )
        if len(given[0]) > QUERIED_GROUPS:
            raise InvalidParameterException(f"A query may look at {QUERIED_GROUPS} log groups at most.")
        if start_time > end_time:
            raise InvalidParameterException("The query's end time must not be before its start time.")
        names = [self._queried(identifier) for identifier in given[0]]
        try:
            parse(query_string)
        except InvalidQuery as failure:
            place = {"startCharOffset": failure.position, "endCharOffset": len(query_string)}
            raise MalformedQueryException(
                str(failure), queryCompileError={"location": place, "message": str(failure)}
            ) from None
        query = Query(
            ids.uuid(), query_string, names, start_time, end_time, limit, self._milliseconds(), log_group_name=names[0]
        )
        self.queries.put(query)
        self.later("_run_query", query_id=query.query_id)
        self.later("_forget_query", after=KEPT_S, query_id=query.query_id)
        return {"queryId": query.query_id}

    def get_query_results(self, query_id: str):
        query = self._query(query_id)
        results = [[{"field": name, "value": value} for name, value in row] for row in query.rows]
        return {"queryLanguage": "CWLI", "results": results, "statistics": query.statistics, "status": query.status}

    def stop_query(self, query_id: str):
        query = self._query(query_id)
        if query.status not in ("Scheduled", "Running"):
            raise InvalidParameterException(f"Query {query_id} has ended with status {query.status}.")
        query.status = "Cancelled"
        self.queries.put(query)
        return {"success": True}

    def describe_queries(
        self,
        log_group_name: str | None = None,
        status: str | None = None,
        max_results: int = 50,
        next_token: str | None = None,
        query_language: str | None = None,
    ):
        def shown(query: Query) -> bool:
            asked = {query.status: status, query.query_language: query_language}
            named = log_group_name is None or log_group_name in query.log_group_names
            return named and all(wanted in (None, value) for value, wanted in asked.items())

        queries, token = self.queries.page(max_results, next_token, where=shown)
        return {"queries": [vars(query) | {"query_string": _sourced(query)} for query in queries], "nextToken": token}

    def list_log_groups_for_query(self, query_id: str, max_results: int = 500, next_token: str | None = None):
        """By the names under which they were asked for. A query looks at fifty at most, which are one page."""
        return {"logGroupIdentifiers": self._query(query_id).log_group_names[:max_results]}

    def get_log_group_fields(
        self, log_group_name: str | None = None, log_group_identifier: str | None = None, time: int | None = None
    ):
        """Which fields events have, in percent: of the last 15 minutes, or eight minutes before and after a time."""
        group = self._group(log_group_name or log_group_identifier)
        now = self._milliseconds()
        start, end = (now - 15 * MINUTE_MS, now) if time is None else (time * 1000 - SPAN_MS, time * 1000 + SPAN_MS)
        found, events = Counter(), 0
        for event in islice(self._events(group).forward((start, -1), (end, 1 << 62)), SAMPLED):
            fields = record_fields(group, event, self.call.account)
            found.update([*fields, *islice(Row(fields).discovered, MOST_FIELDS)])
            events += 1
        fields = [{"name": name, "percent": round(100 * count / events)} for name, count in found.most_common()]
        return {"logGroupFields": fields}

    def put_query_definition(
        self,
        name: str,
        query_string: str,
        query_definition_id: str | None = None,
        log_group_names: list | None = None,
        client_token: str | None = None,
        query_language: str = "CWLI",
    ):
        _check_language(query_language)
        if query_definition_id and not self.definitions.get(query_definition_id):
            raise ResourceNotFoundException("The specified query definition does not exist.")
        # A client's token names the definition, so that asking again makes no second one.
        fresh = ids.uuid_of("logs.query-definition", client_token) if client_token else ids.uuid()
        definition = QueryDefinition(
            query_definition_id or fresh, name, query_string, log_group_names or [], self._milliseconds()
        )
        self.definitions.put(definition)
        return {"queryDefinitionId": definition.query_definition_id}

    def describe_query_definitions(
        self,
        query_definition_name_prefix: str = "",
        max_results: int = 1000,
        next_token: str | None = None,
        query_language: str | None = None,
    ):
        def shown(definition: QueryDefinition) -> bool:
            spoken = query_language in (None, definition.query_language)
            return spoken and definition.name.startswith(query_definition_name_prefix)

        definitions, token = self.definitions.page(max_results, next_token, where=shown)
        return {"queryDefinitions": definitions, "nextToken": token}

    def delete_query_definition(self, query_definition_id: str):
        definition = self.definitions.get(query_definition_id)
        if definition is None:
            raise ResourceNotFoundException("The specified query definition does not exist.")
        self.definitions.delete(definition)
        return {"success": True}

    def _queried(self, identifier: str) -> str:
        """The name of a group that a query looks at."""
        try:
            return self._group(identifier).log_group_name
        except ResourceNotFoundException:
            raise ResourceNotFoundException(
                f"Log group '{identifier}' does not exist for account ID '{self.call.account}' (Service: AWSLogs;"
                " Status Code: 400; Error Code: ResourceNotFoundException; Request ID:"
                f" {self.call.request_id}; Proxy: null)"
            ) from None

    def _query(self, query_id: str) -> Query:
        query = self.queries.get(query_id)
        if query is None:
            raise ResourceNotFoundException(f"Query {query_id} does not exist.")
        return query

    @outside
    def _run_query(self, query_id: str):
        query = self.inside("_begin_query", query_id=query_id)
        if query is None:
            return
        seen = {"recordsScanned": 0.0, "bytesScanned": 0.0}
        results = parse(query.query_string).run(self._rows(query, seen), query.limit)
        self.inside("_finish_query", query_id=query_id, rows=[list(row.items()) for row in results], seen=seen)

    def _rows(self, query: Query, seen: dict[str, float]) -> Iterator[Row]:
        """The events of all its groups, read in portions so that calls get their turn between them."""
        for name in query.log_group_names:
            after = (query.start_time * 1000, -1)
            while True:
                portion = self.inside("_portion", name=name, after=after, end=query.end_time * 1000)
                for fields in portion:
                    seen["recordsScanned"] += 1
                    seen["bytesScanned"] += len(fields["@message"])
                    yield Row(fields)
                if len(portion) < PORTION:
                    break
                _, *after = read_pointer(portion[-1]["@ptr"])

    def _portion(self, name: str, after: tuple, end: int) -> list[dict]:
        group = self.groups.get(name)
        if group is None:
            return []
        after = max(tuple(after), self._oldest(group))
        events = self._events(group).portion(after, (end, 1 << 62))
        return [record_fields(group, event, self.call.account) for event in events]

    def _begin_query(self, query_id: str) -> Query | None:
        query = self.queries.get(query_id)
        if query is None or query.status == "Cancelled":
            return None
        query.status = "Running"
        return self.queries.put(query)

    def _finish_query(self, query_id: str, rows: list, seen: dict[str, float]):
        query = self.queries.get(query_id)
        if query and query.status == "Running":
            query.rows, query.status = rows, "Complete"
            query.statistics = seen | {"recordsMatched": float(len(rows))}
            self.queries.put(query)

    def _forget_query(self, query_id: str):
        if query := self.queries.get(query_id):
            self.queries.delete(query)


def _check_language(language: str):
    if language != "CWLI":
        raise InvalidParameterException(f"Glasshouse runs queries in CWLI, not in {language}")


def _sourced(query: Query) -> str:
    """A query with where it looked, as DescribeQueries shows it."""
    groups = " ".join(f'"{name}"' for name in query.log_group_names)
    return f"SOURCE {groups} START={query.start_time}000 END={query.end_time}999 | {query.query_string}"


def record_fields(group: LogGroup, event: Event, account: str) -> dict:
    """An event as Logs Insights sees it."""
    return {
        "@timestamp": event.timestamp,
        "@message": event.message,
        "@logStream": event.stream,
        "@log": f"{account}:{group.log_group_name}",
        "@ingestionTime": event.ingestion_time,
        "@ptr": b64encode(f"{group.number}/{event.timestamp}/{event.sequence}".encode()).decode(),
    }


def read_pointer(pointer: str) -> tuple[int, int, int]:
    """The group's number, the time and the sequence number that an @ptr names."""
    try:
        number, timestamp, sequence = map(int, b64decode(pointer, validate=True).decode().split("/"))
    except ValueError:
        raise InvalidParameterException("The specified logRecordPointer is invalid.") from None
    return number, timestamp, sequence
