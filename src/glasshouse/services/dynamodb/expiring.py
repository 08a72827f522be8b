"""Time to live: items whose attribute tells a moment that has passed are deleted, by the clock."""

from glasshouse.services.dynamodb.errors import ValidationException
from glasshouse.services.dynamodb.metering import NAMESPACE
from glasshouse.services.dynamodb.records import DynamoTable
from glasshouse.services.dynamodb.rows import TTL_REACH_S, Items, decode, expiry

DELETED_AT_ONCE = 1000


class Expiring:
    """UpdateTimeToLive, DescribeTimeToLive and their job.

    Differs from AWS: items go within a minute of their time, not within days.
    """

    def update_time_to_live(self, table_name: str, time_to_live_specification: dict):
        table = self._described(table_name)
        enabled, attribute = time_to_live_specification["Enabled"], time_to_live_specification["AttributeName"]
        if enabled and table.ttl_attribute:
            raise ValidationException("TimeToLive is already enabled")
        if not enabled and not table.ttl_attribute:
            raise ValidationException("TimeToLive is already disabled")
        if not enabled and table.ttl != attribute:
            raise ValidationException(
                f"TimeToLive is active on a different AttributeName: current AttributeName is {table.ttl}"
            )
        for there, one in [(self, table), *self._others(table)]:
            one.ttl, one.ttl_status = attribute, "ENABLED" if enabled else "DISABLED"
            there._keep(one)
            there._note_expiries(one)
        return {"TimeToLiveSpecification": time_to_live_specification}

    def describe_time_to_live(self, table_name: str):
        table = self._described(table_name)
        told = {"TimeToLiveStatus": table.ttl_status}
        if table.ttl_attribute:
            told["AttributeName"] = table.ttl_attribute
        return {"TimeToLiveDescription": told}

    def _note_expiries(self, table: DynamoTable):
        """Write beside each item when it expires, or that it does not."""
        self.store.write(
            "UPDATE dynamodb_item SET expires = NULL WHERE number = ? AND expires IS NOT NULL", (table.number,)
        )
        if table.ttl_attribute is None:
            self.cancel(f"ttl/{table.number}")
            return
        rows = self.store.read("SELECT hash, range, body FROM dynamodb_item WHERE number = ?", (table.number,))
        noted = [
            (moment, table.number, hash, range)
            for hash, range, body in rows
            if (moment := expiry(decode(body).get(table.ttl))) is not None
        ]
        self.store.write_many("UPDATE dynamodb_item SET expires = ? WHERE number = ? AND hash = ? AND range = ?", noted)
        self._expire_later(table)

    def _expire_later(self, table: DynamoTable):
        """At the next full minute."""
        self.later("_expire", at=(self.now // 60 + 1) * 60, key=f"ttl/{table.number}", name=table.name)

    def _expire(self, name: str):
        table = self.tables.get(name)
        if table is None or table.ttl_attribute is None:
            return
        self._scattered(table)
        rows = self.store.read(
            "SELECT hash, range FROM dynamodb_item WHERE number = ? AND expires <= ? AND expires > ? LIMIT ?",
            (table.number, self.now, self.now - TTL_REACH_S, DELETED_AT_ONCE),
        ).fetchall()
        items = Items(self.store, table, self.now)
        if rows:
            self.metric(NAMESPACE, "TimeToLiveDeletedItemCount", len(rows), "Count", {"TableName": name})
        for place in rows:
            old, size = items.sized(place)
            change = items.write(place, old, size, None, 0, expired=True)
            self._tell(table, place, old, None, change, expired=True)
            if table.replicas:
                self._spread(table, place, None, 0, expired=True)
        if len(rows) == DELETED_AT_ONCE:
            self.later("_expire", key=f"ttl/{table.number}", name=name)
        else:
            self._expire_later(table)
