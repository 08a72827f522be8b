"""Access logs: a line for each request, in the format of the stage, to a log group or to a delivery stream."""

import re
from contextlib import suppress

from glasshouse.core import ServiceError
from glasshouse.core.siblings import Siblings
from glasshouse.services.apigatewayv2.exchanges import Exchange
from glasshouse.services.apigatewayv2.expressions import as_text

_VARIABLE = re.compile(r"\$context\.([a-zA-Z0-9_:-]+(?:\.[a-zA-Z0-9_:-]+)*)")


def line(form: str, exchange: Exchange) -> str:
    """What the format says of a request; what is not known is a dash."""
    return _VARIABLE.sub(lambda found: as_text(exchange.look_up("context", found[1])) or "-", form).rstrip("\n")


def write(aws: Siblings, exchange: Exchange, now: float):
    """Raises ServiceError."""
    settings = exchange.stage.access_log_settings or {}
    arn, form = settings.get("DestinationArn"), settings.get("Format")
    if not arn or not form:
        return
    text = line(form, exchange)
    account, region = arn.split(":")[4], arn.split(":")[3]
    there = aws(account=account, region=region)
    if ":firehose:" in arn:
        record = {"Data": f"{text}\n".encode()}
        there.firehose.put_record(DeliveryStreamName=arn.rpartition("/")[2], Record=record)
        return
    group = arn.split(":log-group:")[1].removesuffix(":*")
    stream = f"{exchange.api_id}-{exchange.stage.stage_name.replace('$', '')}"
    with suppress(ServiceError):
        there.logs.create_log_stream(logGroupName=group, logStreamName=stream)
    event = {"timestamp": int(now * 1000), "message": text}
    there.logs.put_log_events(logGroupName=group, logStreamName=stream, logEvents=[event])
