"""What goes wrong in the walk: the cloud is killed, records are malformed, an object is not there."""

import json
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from tempfile import TemporaryDirectory

from deploy import TIMES_TRIED
from market import Market, moments
from names import FAILED
from patience import PATIENCE_S, until
from stage import BUFFER_S, Stage
from truth import metric, transfers

MORE = 240  # transfers that are on their way when the cloud is killed
BLOCKS_IN_A_PUT = 10
STRANGER = "0x" + "5" * 40


def killed(step, stage: Stage, market: Market):
    """Amid putting, and amid delivering."""
    now = int(time.time())
    market.trade(moments(1 / 48, MORE / 30, now - 600, seed=7))
    last, before = stage.chain.height(), len(stage.objects(stage.names.data_bucket))
    with TemporaryDirectory() as folder, ThreadPoolExecutor(1) as threads:
        with step("The cloud is killed (kill -9) while records are put, and started again: the producer goes on") as it:
            producer, some = stage.produces(Path(folder) / "checkpoint"), threading.Event()
            putting = threads.submit(put_bit_by_bit, producer, stage.last + 1, last, some)
            assert some.wait(PATIENCE_S)
            taken = producer.taken
            restart(stage)
            putting.result()
            it.saw(f"killed after {taken} acknowledged records; {producer.taken} of {MORE} acknowledged in the end")
        with step("It is killed again while they are delivered, and started again: none is missing") as it:
            moving: Future = threads.submit(stage.aws.clock.advance, BUFFER_S)
            until(lambda: len(stage.objects(stage.names.data_bucket)) > before or moving.done(), "objects are written")
            restart(stage)
            it.saw(f"killed when {len(stage.objects(stage.names.data_bucket)) - before} objects had been written")
            stage.expected, stage.last = stage.expected + MORE, last
            stage.arrives(stage.expected)
            assert stage.loaded() == stage.expected
            it.saw(f"{stage.expected} items: each acknowledged transfer, and none twice")
    with step("The metrics are still those of the chain") as it:
        found = transfers(stage.chain, stage.contracts, stage.first, stage.last)
        for contract in stage.contracts:
            own = [transfer for transfer in found if transfer.contract == contract]
            total, points = metric("tokens", own, 60)
            body = stage.get("tokens", address=contract, interval=60)[2]
            assert (body["total"], body["points"]) == (total, points)
            it.saw(f"{contract}: {total}")


def put_bit_by_bit(producer, first: int, last: int, some: threading.Event):
    """Tells when some of the records are taken."""
    for start in range(first, last + 1, BLOCKS_IN_A_PUT):
        producer.run(start, min(last, start + BLOCKS_IN_A_PUT - 1))
        if producer.taken >= MORE // 3:
            some.set()


def restart(stage: Stage):
    stage.aws.cloud.kill()
    stage.aws.cloud.start()


def malformed(step, stage: Stage):
    """One record cannot be read at all; one is of an earlier producer, with numbers in decimal and times as texts."""
    names, invoke = stage.names, stage.client("lambda").invoke
    with step("Malformed records fail their transformation, and end in the bucket of failed records") as it:
        stage.produces().put([
            {"Data": b'{"address": "0x55', "PartitionKey": "cut off"},
            {"Data": json.dumps(of_an_earlier_producer()).encode(), "PartitionKey": "earlier"},
        ])  # fmt: skip
        until(lambda: moved(stage), "the records are set aside")
        (key,) = stage.objects(names.failed_bucket, FAILED)
        lines = stage.client("s3").get_object(Bucket=names.failed_bucket, Key=key)["Body"].read().splitlines()
        assert len(lines) == 2 and not stage.objects(names.data_bucket, FAILED)
        it.saw(f"{names.failed_bucket}/{key}")
        for line in lines:
            failure = json.loads(line)
            it.saw(f"{failure['errorCode']}: {failure['errorMessage']}")
    with step("They are reprocessed: what can be repaired goes through the stream again, the rest is kept") as it:
        told = json.loads(invoke(FunctionName=names.function("reprocess"))["Payload"].read())
        assert told == {"objects": 1, "repaired": 1, "beyondRepair": 1}, told
        it.saw(told)
        stage.arrives(stage.expected + 1)
        stage.expected += 1
        body = stage.get("tokens", address=STRANGER, interval=60)[2]
        assert body["total"] == {"tokens": "2.5", "value": "0.5"}
        it.saw(f"{STRANGER}: {body['total']}")
        (kept,) = stage.objects(names.failed_bucket, "beyond-repair/")
        assert stage.objects(names.failed_bucket, FAILED) == []
        it.saw(kept)


def moved(stage: Stage) -> bool:
    """Let the buffer's time pass. Whether the failed records are where they should be."""
    stage.aws.clock.advance(BUFFER_S)
    return bool(stage.objects(stage.names.failed_bucket, FAILED))


def of_an_earlier_producer() -> dict:
    wallet, transaction = "0x" + "6" * 40, "0x" + "7" * 64
    return {
        "address": STRANGER,
        "token": {"symbol": "OLD", "decimals": 6},
        "block": {"number": 12, "hash": "0x" + "8" * 64, "timestamp": "2022-09-01T00:00:17Z"},
        "transaction": {"hash": transaction, "from": wallet, "to": STRANGER, "value": 5 * 10**17, "gas": 21000,
                        "gasPrice": 10**9, "nonce": 3, "input": "0x"},
        "transfer": {"from": wallet, "to": STRANGER, "value": 2_500_000, "logIndex": 0},
    }  # fmt: skip


def poisoned(step, stage: Stage):
    sqs, names = stage.client("sqs"), stage.names
    with step("A message about an object that is not there is tried three times, then set aside") as it:
        told = {"Records": [{"s3": {"bucket": {"name": names.data_bucket}, "object": {"key": "transfers/nowhere"}}}]}
        queue, other = (sqs.get_queue_url(QueueName=name)["QueueUrl"] for name in (names.queue, names.dead_letters))
        sqs.send_message(QueueUrl=queue, MessageBody=json.dumps(told))
        until(lambda: set_aside(stage, other), "the message is set aside")
        (letter,) = sqs.receive_message(QueueUrl=other, AttributeNames=["All"])["Messages"]
        assert json.loads(letter["Body"]) == told
        logged = stage.client("logs").filter_log_events(
            logGroupName=f"/aws/lambda/{names.function('load')}", filterPattern=f'"{letter["MessageId"]}"'
        )["events"]  # fmt: skip
        assert len(logged) == TIMES_TRIED, logged
        for event in logged:
            it.saw(event["message"].partition(": ")[2].strip())


def set_aside(stage: Stage, queue: str) -> bool:
    """Let the message become visible again. Whether it is in the other queue."""
    stage.aws.clock.advance(12 * BUFFER_S)
    asked = {"QueueUrl": queue, "AttributeNames": ["ApproximateNumberOfMessages"]}
    return stage.client("sqs").get_queue_attributes(**asked)["Attributes"]["ApproximateNumberOfMessages"] != "0"
