"""What is looked at in the walk: the page, as a visitor sees it, and what CloudWatch knows."""

import json
import threading
import time
from datetime import UTC, datetime, timedelta

from market import Market
from names import FUNCTIONS, METRICS
from patience import PATIENCE_S
from stage import BUFFER_S, Stage
from truth import Transfer, metric, transfers
from visitor import Visitor

LIVE = 3
HOUR_MINUTES, HOUR_S, DAY_S = 60, 3600, 86_400
MINUTES = 8
ELSEWHERE = "https://elsewhere.example"


def page(step, stage: Stage, market: Market | None, told):
    visitor = Visitor(told.screenshots)
    try:
        with step("A visitor opens the page, and asks for nothing yet") as it:
            visitor.opens(stage.made["page"])
            visitor.page.get_by_text("Which contract?").wait_for()
            visitor.shot("1-nothing-asked")
            it.saw(f"{visitor.page.title()} at {stage.made['page']}")
        charts(step, stage, visitor)
        if market:
            live(step, stage, market, visitor, told.quick)
        corners(step, stage, visitor)
    finally:
        visitor.leaves()


def charts(step, stage: Stage, visitor: Visitor):
    contract = stage.contracts[0]
    own = transfers(stage.chain, [contract], stage.first, stage.last)
    with step("The visitor enters the contract's address: three charts show the chain's numbers") as it:
        visitor.asks(contract, "1 day", "All time")
        for name in METRICS:
            total, points = metric(name, own, 1440)
            for part, value in total.items():
                visitor.waits_for_total(part, str(value))
            shown = [tuple(str(value) for value in point.values()) for point in points]
            assert visitor.numbers(name) == shown, (name, visitor.numbers(name), shown)
            assert visitor.lines(name) == len(total), name
            it.saw(f"{name}: {len(points)} days, in all {total}")
        visitor.shot("2-charts")
    with step("The page comes from another domain than the API: the browser asks first, and is let in") as it:
        asked = {"Origin": ELSEWHERE, "Access-Control-Request-Method": "GET"}
        status, headers, _ = stage.get("wallets", "OPTIONS", asked)
        assert status == 204 and headers["access-control-allow-origin"] == "*", (status, headers)
        for name, value in headers.items():
            if name.startswith("access-control"):
                it.saw(f"{name}: {value}")
        visitor.opens(stage.made["page"])  # without a question: the API has nothing else to do
        url = f"{stage.made['api']}/wallets?address={contract}&interval=60"
        told = visitor.fetches(url, {"Content-Type": "application/json"})
        assert json.loads(told)["total"] == metric("wallets", own, 60)[0], told
        it.saw("with a header that the API allows, the page's script gets its answer")
        told = visitor.fetches(url, {"X-Other": "1"})
        assert told == "TypeError: Failed to fetch", told
        it.saw(f"with another one the browser says: {told}")


def live(step, stage: Stage, market: Market, visitor: Visitor, quick: bool):
    """A block that is mined while the page is open, which shows the last day: to count years takes its time."""
    contract = market.contracts[0]
    how = "the clock is moved" if quick else "the clock is left alone"
    with step(f"A block is mined, and the open page shows it about a minute later ({how})") as it:
        visitor.opens(f"{stage.made['page']}?address={contract}&interval={HOUR_MINUTES}&days=1")
        ended = threading.Event()
        producing = threading.Thread(target=follow, args=(stage, ended))
        producing.start()
        try:
            began = time.monotonic()
            market.trade([int(time.time())] * LIVE)
            totals = of_the_last_day(transfers(stage.chain, [contract], stage.first, stage.chain.height()))
            if quick:
                ended.wait(2)
                stage.aws.clock.advance(BUFFER_S)
            visitor.waits_for_total("transactions", *totals)
            told = f"{visitor.total('transactions')} transactions since yesterday"
            it.saw(f"{LIVE} transfers more, {time.monotonic() - began:.0f} s after they were mined: {told}")
        finally:
            ended.set()
            producing.join()
        visitor.shot("3-live")


def of_the_last_day(found: list[Transfer]) -> list[str]:
    """How many transactions the page is to show: there are two numbers where an hour ends while it is looked at."""
    begins = {int(time.time() - DAY_S + later) // HOUR_S * HOUR_S for later in (0, 2 * PATIENCE_S)}
    counts = (metric("transactions", [one for one in found if one.time >= begin], HOUR_MINUTES)[0] for begin in begins)
    return [str(count["transactions"]) for count in counts]


def follow(stage: Stage, ended: threading.Event):
    """The producer, as it goes on with each new block."""
    producer = stage.produces()
    stage.last = producer.follow(stage.last + 1, ended) - 1
    stage.expected += producer.taken


def corners(step, stage: Stage, visitor: Visitor):
    with step("What is no address cannot be asked for; without transfers there is nothing; failures are told") as it:
        visitor.opens(stage.made["page"])
        visitor.page.get_by_label("Contract address").fill("0x12")
        it.saw(visitor.page.get_by_text("An address is").inner_text())
        assert visitor.page.get_by_role("button", name="Show").is_disabled()
        visitor.asks("0x" + "9" * 40, "1 hour", "All time")
        visitor.waits_for_total("transactions", "0")
        assert visitor.page.get_by_text("Nothing happened in this period.").count() == len(METRICS)
        visitor.shot("4-no-transfers")
        visitor.page.route("**/wallets?*", lambda route: route.abort())
        visitor.asks("0x" + "8" * 40, "1 hour", "All time")
        it.saw(visitor.error().replace("\n", ": "))
        visitor.shot("5-failure")
        visitor.page.set_viewport_size({"width": 420, "height": 900})
        visitor.page.unroute("**/wallets?*")
        visitor.opens(f"{stage.made['page']}?address={stage.contracts[0]}&interval=1440&days=0")
        visitor.page.get_by_text("Updated").wait_for()
        visitor.shot("6-narrow")
        assert visitor.complaints == [], visitor.complaints


def watch(step, stage: Stage):
    """Metrics and logs, which nobody had to ask for."""
    names = stage.names
    with step("CloudWatch has metrics of each function, of the stream, the delivery, the table and the API") as it:
        for function in FUNCTIONS:
            calls = measured(stage, "AWS/Lambda", "Invocations", FunctionName=names.function(function))
            errors = measured(stage, "AWS/Lambda", "Errors", FunctionName=names.function(function))
            assert calls, function
            it.saw(f"{names.function(function)}: {calls:.0f} invocations, {errors:.0f} errors")
        for namespace, name, dimensions in (
            ("AWS/Kinesis", "IncomingRecords", {"StreamName": names.stream}),
            ("AWS/Firehose", "DeliveryToS3.Records", {"DeliveryStreamName": names.delivery}),
            ("AWS/DynamoDB", "ConsumedWriteCapacityUnits", {"TableName": names.table}),
            ("AWS/ApiGateway", "Count", {"ApiName": names.api}),
        ):
            count = measured(stage, namespace, name, **dimensions)
            assert count, (namespace, name)
            it.saw(f"{namespace} {name}: {count:.0f}")
    with step("Each function has a log group, with a stream for each of its instances") as it:
        logs = stage.client("logs")
        for function in FUNCTIONS:
            group = f"/aws/lambda/{names.function(function)}"
            streams = logs.describe_log_streams(logGroupName=group)["logStreams"]
            assert streams, group
            it.saw(f"{group}: {len(streams)}, such as {streams[0]['logStreamName']}")
        reports = logs.filter_log_events(logGroupName=f"/aws/lambda/{names.function('load')}", filterPattern="REPORT")
        it.saw(" ".join(reports["events"][0]["message"].split()))


def measured(stage: Stage, namespace: str, name: str, **dimensions: str) -> float:
    """The sum of a metric since the walk began."""
    now = datetime.fromtimestamp(stage.aws.clock.now(), UTC)
    told = stage.client("cloudwatch").get_metric_statistics(
        Namespace=namespace, MetricName=name, Period=3600, Statistics=["Sum"],
        Dimensions=[{"Name": key, "Value": value} for key, value in dimensions.items()],
        StartTime=now - timedelta(days=2), EndTime=now + timedelta(hours=1),
    )  # fmt: skip
    return sum(point["Sum"] for point in told["Datapoints"])


def scaled(step, stage: Stage):
    """Capacity follows its use: the history is put again and again, as when all jobs are run anew."""
    scaling, table = stage.client("application-autoscaling"), stage.names.table
    with step("More is written than the table is provisioned for: after some minutes it has more capacity") as it:
        before = capacity(stage)
        for _ in range(MINUTES):
            stage.produces().run(stage.first, stage.last)
            stage.aws.clock.advance(BUFFER_S)
            if capacity(stage) > before:
                break
        assert capacity(stage) > before, before
        it.saw(f"from {before} to {capacity(stage)} write units a second")
        assert stage.loaded() == stage.expected
        it.saw(f"still {stage.expected} items: what is written again is the same item")
        activities = scaling.describe_scaling_activities(ServiceNamespace="dynamodb", ResourceId=f"table/{table}")
        for activity in activities["ScalingActivities"]:
            it.saw(f"{activity['StatusCode']}: {activity['Description']}")


def capacity(stage: Stage) -> int:
    told = stage.client("dynamodb").describe_table(TableName=stage.names.table)["Table"]
    return told["ProvisionedThroughput"]["WriteCapacityUnits"]
