"""Identity providers outside of AWS: SAML, and OpenID Connect with the keys it publishes.

The keys of an OpenID Connect provider are fetched from its `/.well-known/openid-configuration` by a job beside the
calls: when the provider is created, and when sts is shown a token whose key is not known yet. Differs from AWS: a
provider may be a server on this machine, over plain http and on any port; over https the machine's certificate
authorities decide, thumbprints are kept but not used.
"""

import json
from http.client import HTTPException
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

from glasshouse.core import ids, outside
from glasshouse.core.errors import NotSupported, ValidationError
from glasshouse.services.iam.entities import PAGE
from glasshouse.services.iam.errors import EntityAlreadyExists, InvalidInput, LimitExceeded, NoSuchEntity
from glasshouse.services.iam.records import OidcProvider, SamlProvider

PROVIDERS_AT_MOST = 100
YEAR_S = 365 * 86_400
FETCH_S, LARGEST_BYTES = 5, 1_000_000
LOOPBACK = ("127.0.0.1", "localhost", "::1")
SOUGHT_AGAIN_S = 60
# What comes of asking a server that is not there, or that is no provider.
UNREADABLE = (OSError, HTTPException, ValueError, LookupError, TypeError, AttributeError, ValidationError)
THUMBPRINTS_AT_MOST, CLIENTS_AT_MOST = 5, 100


class SamlProviders:
    """The operations on SAML providers."""

    def create_saml_provider(
        self,
        saml_metadata_document: str,
        name: str,
        tags: list | None = None,
        assertion_encryption_mode: str | None = None,
    ):
        arn = self._iam_arn("saml-provider", "/", name)
        if self.saml_providers.get(arn):
            raise InvalidInput(f"SAMLProvider {name} already exists.")
        if len(self.saml_providers.keys()) >= PROVIDERS_AT_MOST:
            raise LimitExceeded(f"Cannot exceed quota for SAMLProvidersPerAccount: {PROVIDERS_AT_MOST}")
        valid_until = self._valid_until(saml_metadata_document, assertion_encryption_mode)
        self._tag(arn, tags)
        self.saml_providers.put(
            SamlProvider(arn, saml_metadata_document, self.now, valid_until, ids.token(22, ids.UPPER))
        )
        return {"SAMLProviderArn": arn, "Tags": self._tags(arn) or None}

    def get_saml_provider(self, saml_provider_arn: str):
        provider = self._saml_provider(saml_provider_arn)
        return {**vars(provider), "Tags": self._tags(provider.arn) or None}

    def update_saml_provider(
        self,
        saml_provider_arn: str,
        saml_metadata_document: str | None = None,
        assertion_encryption_mode: str | None = None,
    ):
        provider = self._saml_provider(saml_provider_arn)
        document = saml_metadata_document or provider.saml_metadata_document
        provider.valid_until = self._valid_until(document, assertion_encryption_mode)
        provider.saml_metadata_document = document
        self.saml_providers.put(provider)
        return {"SAMLProviderArn": saml_provider_arn}

    def list_saml_providers(self):
        return {"SAMLProviderList": list(self.saml_providers.list())}

    def delete_saml_provider(self, saml_provider_arn: str):
        provider = self.saml_providers.get(saml_provider_arn)
        if provider is None:
            raise NoSuchEntity(f"Manifest not found for arn {saml_provider_arn}")
        self.cloud.tags.clear(provider.arn)
        self.saml_providers.delete(provider)

    def tag_saml_provider(self, saml_provider_arn: str, tags: list):
        self._tag(self._saml_provider(saml_provider_arn).arn, tags)

    def untag_saml_provider(self, saml_provider_arn: str, tag_keys: list):
        self._untag(self._saml_provider(saml_provider_arn).arn, tag_keys)

    def list_saml_provider_tags(self, saml_provider_arn: str, marker: str | None = None, max_items: int = PAGE):
        return self._list_tags(self._saml_provider(saml_provider_arn).arn, marker, max_items)

    def _known_saml_provider(self, arn: str) -> SamlProvider | None:
        """The seam to sts."""
        return self.saml_providers.get(arn)

    def _saml_provider(self, arn: str) -> SamlProvider:
        provider = self.saml_providers.get(arn)
        if provider is None:
            raise NoSuchEntity(f"SAMLProvider {arn} does not exist.")
        return provider

    def _valid_until(self, document: str, encryption: str | None) -> float:
        """When the metadata end, by themselves or, as IAM has it, after a hundred years."""
        # lxml is loaded by the first provider, not by the service.
        from glasshouse.engines.federation import Untrusted
        from glasshouse.engines.federation.saml import read_metadata

        if encryption == "Required":
            raise NotSupported("SAML assertions that are encrypted are not supported by Glasshouse yet")
        try:
            return read_metadata(document).valid_until or self.now + 100 * YEAR_S
        except Untrusted:
            raise InvalidInput("Could not parse metadata") from None


class OidcProviders:
    """The operations on OpenID Connect providers."""

    def create_open_id_connect_provider(
        self,
        url: str,
        client_id_list: list | None = None,
        thumbprint_list: list | None = None,
        tags: list | None = None,
    ):
        place = _place(url)
        if len(thumbprint_list or ()) > THUMBPRINTS_AT_MOST:
            raise InvalidInput(f"Thumbprint list must contain fewer than {THUMBPRINTS_AT_MOST} entries.")
        if len(client_id_list or ()) > CLIENTS_AT_MOST:
            raise LimitExceeded(f"Cannot exceed quota for ClientIdsPerOpenIdConnectProvider: {CLIENTS_AT_MOST}")
        arn = self._iam_arn("oidc-provider", "/", place)
        if self.oidc_providers.get(arn):
            raise EntityAlreadyExists(f"Provider with url {url} already exists.")
        if len(self.oidc_providers.keys()) >= PROVIDERS_AT_MOST:
            raise LimitExceeded(f"Cannot exceed quota for OpenIdConnectProvidersPerAccount: {PROVIDERS_AT_MOST}")
        self._tag(arn, tags)
        clients = list(dict.fromkeys(client_id_list or ()))
        self.oidc_providers.put(
            OidcProvider(arn, place, url.rstrip("/"), clients, list(thumbprint_list or ()), self.now)
        )
        self.later("_fetch_keys", arn=arn, url=url.rstrip("/"), key_id="", key=f"keys of {arn}")
        return {"OpenIDConnectProviderArn": arn, "Tags": self._tags(arn) or None}

    def get_open_id_connect_provider(self, open_id_connect_provider_arn: str):
        provider = self._oidc_provider(open_id_connect_provider_arn)
        return {**vars(provider), "Url": provider.place, "Tags": self._tags(provider.arn)}

    def list_open_id_connect_providers(self):
        return {"OpenIDConnectProviderList": [{"Arn": provider.arn} for provider in self.oidc_providers.list()]}

    def delete_open_id_connect_provider(self, open_id_connect_provider_arn: str):
        provider = self.oidc_providers.get(open_id_connect_provider_arn)
        if provider is None:
            raise NoSuchEntity(f"OpenId connect Provider {open_id_connect_provider_arn} cannot be found.")
        self.cloud.tags.clear(provider.arn)
        self.oidc_providers.delete(provider)

    def add_client_id_to_open_id_connect_provider(self, open_id_connect_provider_arn: str, client_id: str):
        provider = self._oidc_provider(open_id_connect_provider_arn)
        if client_id not in provider.client_id_list:
            provider.client_id_list.append(client_id)
        self.oidc_providers.put(provider)

    def remove_client_id_from_open_id_connect_provider(self, open_id_connect_provider_arn: str, client_id: str):
        provider = self._oidc_provider(open_id_connect_provider_arn)
        provider.client_id_list = [known for known in provider.client_id_list if known != client_id]
        self.oidc_providers.put(provider)

    def update_open_id_connect_provider_thumbprint(self, open_id_connect_provider_arn: str, thumbprint_list: list):
        provider = self._oidc_provider(open_id_connect_provider_arn)
        provider.thumbprint_list = list(thumbprint_list)
        self.oidc_providers.put(provider)

    def tag_open_id_connect_provider(self, open_id_connect_provider_arn: str, tags: list):
        self._tag(self._oidc_provider(open_id_connect_provider_arn).arn, tags)

    def untag_open_id_connect_provider(self, open_id_connect_provider_arn: str, tag_keys: list):
        self._untag(self._oidc_provider(open_id_connect_provider_arn).arn, tag_keys)

    def list_open_id_connect_provider_tags(
        self, open_id_connect_provider_arn: str, marker: str | None = None, max_items: int = PAGE
    ):
        return self._list_tags(self._oidc_provider(open_id_connect_provider_arn).arn, marker, max_items)

    def _oidc_provider(self, arn: str) -> OidcProvider:
        provider = self.oidc_providers.get(arn)
        if provider is None:
            raise NoSuchEntity(f"OpenIDConnect Provider not found for arn {arn}")
        return provider

    # The seam to sts

    def _known_provider(self, arn: str) -> OidcProvider | None:
        """A provider with the keys it was last seen to publish."""
        return self.oidc_providers.get(arn)

    def _seek_key(self, arn: str, key_id: str):
        """Fetch the keys of a provider anew, since a token names one that is not known."""
        provider = self.oidc_providers.get(arn)
        if provider:
            self.later("_fetch_keys", arn=arn, url=provider.issuer, key_id=key_id, key=f"keys of {arn}")

    @outside
    def _fetch_keys(self, arn: str, url: str, key_id: str):
        keys, failure = [], None
        try:
            keys = _published(url)
        except UNREADABLE as reason:
            failure = f"{type(reason).__name__}: {reason}"
        self.inside("_take_keys", arn=arn, keys=keys, key_id=key_id, failure=failure)

    def _take_keys(self, arn: str, keys: list, key_id: str, failure: str | None):
        provider = self.oidc_providers.get(arn)
        if provider:
            provider.failure = failure
            provider.keys = provider.keys if failure else keys
            recent = {name: at for name, at in provider.sought.items() if self.now - at < SOUGHT_AGAIN_S}
            provider.sought = {**recent, key_id: self.now}
            self.oidc_providers.put(provider)
        self.tell(f"keys of {arn}")


def _place(url: str) -> str:
    """A provider's address without its scheme, which names it in ARNs and condition keys."""
    parts = urlsplit(url)
    local = parts.scheme == "http" and parts.hostname in LOOPBACK
    if not (parts.scheme == "https" or local) or not parts.hostname or parts.query or parts.fragment:
        raise ValidationError("Invalid Open ID Connect Provider URL")
    return url.partition("://")[2].rstrip("/")


def _published(url: str) -> list[dict]:
    """The signing keys that a provider publishes now. Raises any of UNREADABLE."""
    configuration = _json(f"{url}/.well-known/openid-configuration")
    address = configuration["jwks_uri"]
    _place(address)  # no file, no other scheme
    keys = [key for key in _json(address)["keys"] if key.get("use", "sig") == "sig"]
    if not configuration.get("issuer"):
        raise ValueError("the configuration names no issuer")
    return keys


def _json(url: str):
    with urlopen(Request(url, headers={"Accept": "application/json"}), timeout=FETCH_S) as answer:
        return json.loads(answer.read(LARGEST_BYTES))
