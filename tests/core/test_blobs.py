"""Bodies are kept whole or not at all, and go when nobody holds them."""

import hashlib
import zlib

import pytest

from glasshouse.core.blobs import Blobs
from glasshouse.core.digests import digest
from glasshouse.core.store import Store

SMALL, LARGE = b"small", bytes(range(256)) * 4096


@pytest.fixture
def store():
    made = Store()
    yield made
    made.close()


@pytest.fixture
def blobs(store, tmp_path):
    return Blobs(store, tmp_path)


def files(tmp_path):
    return [path for path in tmp_path.rglob("*") if path.is_file()]


@pytest.mark.parametrize("content", [b"", SMALL, LARGE])
def test_what_is_kept_is_read_back_in_any_range(store, blobs, content):
    with store.transaction():
        blob = blobs.keep(content)
    assert blob.size == len(content)
    assert blob.digests["md5"] == hashlib.md5(content).digest()
    assert blobs.read(blob.id) == content
    assert blobs.read(blob.id, 2, 4) == content[2:4]
    assert blobs.body([(blob.id, 1, 3), (blob.id, 0, 2)]).read() == content[1:3] + content[:2]


def test_a_body_received_in_pieces_is_checksummed_on_the_way(store, blobs):
    incoming = blobs.incoming(["md5", "sha256", "crc32", "crc64nvme"])
    for start in range(0, len(LARGE), 10_000):
        incoming.write(LARGE[start : start + 10_000])
    with store.transaction():
        blob = blobs.keep(incoming.finish())
    assert blob.digests["sha256"] == hashlib.sha256(LARGE).digest()
    assert blob.digests["crc32"] == zlib.crc32(LARGE).to_bytes(4, "big")
    assert blob.digests["crc64nvme"] == digest("crc64nvme", LARGE)
    assert blobs.read(blob.id) == LARGE


def test_published_check_values():
    # The "check" column of the catalogue of parametrised CRC algorithms, for the bytes "123456789".
    assert digest("crc32", b"123456789").hex() == "cbf43926"
    assert digest("crc32c", b"123456789").hex() == "e3069283"
    assert digest("crc64nvme", b"123456789").hex() == "ae8b14860a799888"


@pytest.mark.parametrize("content", [SMALL, LARGE])
def test_a_blob_goes_with_its_last_holder(store, blobs, content, tmp_path):
    with store.transaction():
        blob = blobs.keep(content)
        blobs.hold(blob.id)
    with store.transaction():
        blobs.drop(blob.id)
    assert blobs.read(blob.id) == content
    with store.transaction():
        blobs.drop(blob.id)
    assert files(tmp_path) == []
    assert blobs.inline(blob.id) is None


@pytest.mark.parametrize("old", [SMALL, LARGE])
@pytest.mark.parametrize("new", [b"other", LARGE[::-1]])
def test_what_replaces_a_blob_leaves_nothing_of_it(store, blobs, old, new, tmp_path):
    with store.transaction():
        first = blobs.keep(old)
    with store.transaction():
        second = blobs.replace(first.id, received(blobs, new))
    assert blobs.read(second.id) == new
    assert store.read("SELECT holders FROM blob").fetchall() == [(1,)]
    assert len(files(tmp_path)) == (len(new) > len(SMALL))


def test_what_replaces_a_blob_that_others_hold_leaves_it_to_them(store, blobs):
    with store.transaction():
        first = blobs.keep(SMALL)
        blobs.hold(first.id)
    with store.transaction():
        second = blobs.replace(first.id, received(blobs, b"other"))
    assert (blobs.read(first.id), blobs.read(second.id)) == (SMALL, b"other")
    with store.transaction():
        blobs.drop(first.id)
    assert blobs.inline(first.id) is None


def received(blobs, content):
    body = blobs.incoming()
    body.write(content)
    return body.finish()


def test_a_failed_transaction_leaves_no_file(store, blobs, tmp_path):
    with pytest.raises(RuntimeError), store.transaction():
        blobs.keep(LARGE)
        raise RuntimeError
    assert files(tmp_path) == []


def test_a_failed_transaction_drops_nothing(store, blobs):
    with store.transaction():
        blob = blobs.keep(LARGE)
    with pytest.raises(RuntimeError), store.transaction():
        blobs.drop(blob.id)
        raise RuntimeError
    assert blobs.read(blob.id) == LARGE


def test_a_reader_reads_to_the_end_although_the_blob_goes(store, blobs, tmp_path):
    with store.transaction():
        blob = blobs.keep(LARGE)
    reading = blobs.body([(blob.id, 0, blob.size)])
    with store.transaction():
        blobs.drop(blob.id)
    assert reading.read() == LARGE
    assert files(tmp_path) == []


def test_what_a_crash_left_is_swept_away(store, blobs, tmp_path):
    with store.transaction():
        kept = blobs.keep(LARGE)
    half_received = blobs.incoming()
    half_received.write(LARGE)
    orphan = tmp_path / "blobs" / "or" / "orphan"
    orphan.parent.mkdir()
    orphan.write_bytes(b"x")
    blobs.sweep()
    assert [path.name for path in files(tmp_path)] == [kept.id]
