"""Settings of streams and of the account: metrics by shard, the size of records, their distribution, throughput."""

from glasshouse.services.kinesis.errors import InvalidArgumentException, ValidationException
from glasshouse.services.kinesis.records import AUTO, ON_DEMAND, Commitment, Stream

METRICS = (
    "IncomingBytes", "IncomingRecords", "OutgoingBytes", "OutgoingRecords", "WriteProvisionedThroughputExceeded",
    "ReadProvisionedThroughputExceeded", "IteratorAgeMilliseconds",
)  # fmt: skip
COMMITTED_S = 86_400
MOST_WARM_MIBPS = 10_240
ACCOUNT = "account"


class Settings:
    """What can be set of a stream that is there, and of the account."""

    def enable_enhanced_monitoring(
        self, shard_level_metrics: list[str], stream_name: str | None = None, stream_arn: str | None = None
    ):
        return self._monitor(stream_name, stream_arn, shard_level_metrics, enable=True)

    def disable_enhanced_monitoring(
        self, shard_level_metrics: list[str], stream_name: str | None = None, stream_arn: str | None = None
    ):
        return self._monitor(stream_name, stream_arn, shard_level_metrics, enable=False)

    def update_max_record_size(self, max_record_size_in_ki_b: int, stream_arn: str | None = None):
        stream = self._idle(None, stream_arn)
        stream.record_kib = max_record_size_in_ki_b
        self._update(stream, "_activate")

    def update_stream_record_distribution_strategy(self, stream_arn: str, record_distribution_strategy: str):
        stream = self._idle(None, stream_arn)
        if record_distribution_strategy == AUTO and stream.mode != ON_DEMAND:
            raise InvalidArgumentException(
                "RecordDistributionStrategy AUTO is only supported for streams in the On-Demand capacity mode."
            )
        stream.distribution = record_distribution_strategy
        self._keep(stream)

    def update_stream_warm_throughput(
        self, warm_throughput_mi_bps: int, stream_arn: str | None = None, stream_name: str | None = None
    ):
        stream = self._idle(stream_name, stream_arn)
        self._warm_up(stream, warm_throughput_mi_bps)
        self._update(stream, "_activate")
        throughput = self._warm_throughput(stream)
        return {"StreamARN": stream.stream_arn, "StreamName": stream.stream_name, "WarmThroughput": throughput}

    def describe_account_settings(self):
        return {"MinimumThroughputBillingCommitment": self._commitment_told()}

    def update_account_settings(self, minimum_throughput_billing_commitment: dict):
        """A commitment lasts for a day at least; one that is given up before ends with its day."""
        held = self._commitment()
        if minimum_throughput_billing_commitment["Status"] == "ENABLED":
            self.commitments.put(Commitment(ACCOUNT, held.started if held else self.now))
        elif held:
            held.ends = max(self.now, held.started + COMMITTED_S)
            self.commitments.put(held)
        return {"MinimumThroughputBillingCommitment": self._commitment_told()}

    # Within

    def _monitor(self, name: str | None, arn: str | None, metrics: list[str], enable: bool) -> dict:
        stream = self._idle(name, arn)
        current = stream.shard_level_metrics
        named = set(METRICS if "ALL" in metrics else metrics)
        wanted = named | set(current) if enable else set(current) - named
        stream.shard_level_metrics = [metric for metric in METRICS if metric in wanted]
        self._update(stream, "_activate")
        return {
            "StreamName": stream.stream_name,
            "CurrentShardLevelMetrics": current,
            "DesiredShardLevelMetrics": stream.shard_level_metrics,
            "StreamARN": stream.stream_arn,
        }

    def _warm_up(self, stream: Stream, mibps: int):
        """Set the throughput that a stream is to be ready for."""
        if stream.mode != ON_DEMAND:
            raise ValidationException(
                "WarmThroughputMiBps is only supported for streams in the On-Demand capacity mode."
            )
        if not self._is_committed():
            raise ValidationException(
                "WarmThroughputMiBps is only supported in accounts that have MinimumThroughputBillingCommitment"
                " enabled."
            )
        if mibps > MOST_WARM_MIBPS:
            raise InvalidArgumentException(f"WarmThroughputMiBps cannot be greater than {MOST_WARM_MIBPS}.")
        stream.warm_mibps = mibps

    def _warm_throughput(self, stream: Stream) -> dict:
        return {"TargetMiBps": stream.warm_mibps, "CurrentMiBps": stream.warm_mibps}

    def _commitment(self) -> Commitment | None:
        """The one that holds now."""
        held = self.commitments.get(ACCOUNT)
        return held if held and (held.ends is None or held.ends > self.now) else None

    def _is_committed(self) -> bool:
        return self._commitment() is not None

    def _commitment_told(self) -> dict:
        held = self._commitment()
        if held is None:
            last = self.commitments.get(ACCOUNT)
            return {"Status": "DISABLED", "StartedAt": last and last.started, "EndedAt": last and last.ends}
        status = "ENABLED" if held.ends is None else "ENABLED_UNTIL_EARLIEST_ALLOWED_END"
        return {"Status": status, "StartedAt": held.started, "EarliestAllowedEndAt": held.started + COMMITTED_S}
