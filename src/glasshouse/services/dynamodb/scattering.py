"""Tables from before partitions lay in DynamoDB's order: their rows are moved there when they are first used."""

from glasshouse.services.dynamodb.keys import place_of_item
from glasshouse.services.dynamodb.records import DynamoTable
from glasshouse.services.dynamodb.rows import Items, decode


class Scattering:
    """Where the rows of a table lie."""

    def _scattered(self, table: DynamoTable) -> DynamoTable:
        """The table, with all of its rows in their places."""
        if table.scattered:
            return table
        table.scattered = True
        self._move_images(table)
        items = Items(self.store, table, self.now)
        rows = self.store.read("SELECT hash, range, body FROM dynamodb_item WHERE number = ?", (table.number,))
        moved = [(place_of_item(table, decode(body)), hash, range) for hash, range, body in rows.fetchall()]
        self.store.write_many(
            "UPDATE dynamodb_item SET hash = ? WHERE number = ? AND hash = ? AND range = ?",
            [(place[0], table.number, hash, range) for place, hash, range in moved],
        )
        for index in table.indexes:
            self.store.write("DELETE FROM dynamodb_entry WHERE number = ?", (index.number,))
            self.store.write("UPDATE dynamodb_extent SET items = 0, bytes = 0 WHERE number = ?", (index.number,))
            for place, *_ in moved:
                items.add_to_index(index, place, items.get(place) or {})
        account, region = table.arn.split(":")[4], table.arn.split(":")[3]
        self.tables.within(account, region).put(table)
        return table

    def _move_images(self, table: DynamoTable):
        """The images for point-in-time recovery; that of a deletion goes with those of the item."""
        rows = self.store.read("SELECT hash, body FROM dynamodb_image WHERE number = ?", (table.number,)).fetchall()
        places = {hash: place_of_item(table, decode(body))[0] for hash, body in rows if body is not None}
        self.store.write_many(
            "UPDATE dynamodb_image SET hash = ? WHERE number = ? AND hash = ?",
            [(new, table.number, old) for old, new in places.items()],
        )
