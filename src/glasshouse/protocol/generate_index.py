"""Writes `services.json`, the index of the services: python -m glasshouse.protocol.generate_index"""

import msgspec

from glasshouse.protocol import model


def generate() -> bytes:
    """The index, as the file should read for the installed botocore."""
    listings = {name: listing(name) for name in model.model_names()}
    return msgspec.json.format(msgspec.json.encode(listings), indent=1) + b"\n"


def listing(name: str) -> model.Listing:
    metadata = model.described(name)["metadata"]
    return model.Listing(
        name=name,
        service_id=metadata["serviceId"],
        signing_name=metadata.get("signingName", metadata["endpointPrefix"]),
        endpoint_prefix=metadata["endpointPrefix"],
        api_version=metadata["apiVersion"],
        protocols=tuple(metadata.get("protocols") or [metadata["protocol"]]),
        target_prefix=metadata.get("targetPrefix"),
        json_version=metadata.get("jsonVersion"),
        global_endpoint=metadata.get("globalEndpoint"),
    )


if __name__ == "__main__":
    model.INDEX_FILE.write_bytes(generate())
