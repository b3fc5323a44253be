from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Self

from attrs import define as _attrs_define
from attrs import field as _attrs_field

from ..types import UNSET, Unset, parse_models, plain

if TYPE_CHECKING:
    from ..models.extra_parameter import ExtraParameter


@_attrs_define
class Impression:
    """One impression.

    Attributes:
        real_tx_id: Transaction id of the row and its cursor; 26 characters, sortable by time.
        offer: Offer.
        publisher: Publisher.
        integration_id: Id of the integration.
        advertiser: Advertiser.
        network: Network.
        offer_id: Id of the offer.
        sub_id: Sub id; `TOO_MANY_UNIQUE_SUB_ID` stands for values too many to keep.
        sub_id_2: Second sub id.
        sub_id_3: Third sub id.
        sub_id_4: Fourth sub id.
        sub_id_5: Fifth sub id.
        sub_id_6: Sixth sub id.
        status: Verdict; `approved`, `rejected` and `processing` are known.
        rejection: Kind of rejection, such as `DUPLICATE_IP` or `VPN`.
        rejection_reason: Why it was rejected.
        third_party_status: Verdict of a third party.
        third_party_rejected_reason: Third party's reason, in its own words.
        country: Country.
        city: City.
        isp: Internet provider.
        proxy_type: Kind of proxy.
        browser_name: Browser.
        browser_version: Version of the browser.
        browser_language: Language of the browser.
        os_name: Operating system.
        os_version: Version of the operating system.
        device_type: Kind of device.
        device_id: Id of the device.
        user_agent: User agent.
        referer: Referring page.
        site_url: Page of the event.
        fingerprint: Fingerprint of the device.
        is_bot: Whether a bot is behind it.
        monitoring_mode: Whether the filter group only watched.
        filter_group_id: Filter group that decided.
        keyword: Keyword.
        extra_parameters: Parameters of the advertiser's own.
        request_time: When the ad was seen.
        tx_id: Transaction id.
        impression_time: When the ad was seen.
        impression_ip: IP address of the impression.
    """

    real_tx_id: str | Unset = UNSET
    offer: str | Unset = UNSET
    publisher: str | Unset = UNSET
    integration_id: str | Unset = UNSET
    advertiser: str | Unset = UNSET
    network: str | Unset = UNSET
    offer_id: str | Unset = UNSET
    sub_id: str | Unset = UNSET
    sub_id_2: str | Unset = UNSET
    sub_id_3: str | Unset = UNSET
    sub_id_4: str | Unset = UNSET
    sub_id_5: str | Unset = UNSET
    sub_id_6: str | Unset = UNSET
    status: str | Unset = UNSET
    rejection: str | Unset = UNSET
    rejection_reason: str | Unset = UNSET
    third_party_status: str | Unset = UNSET
    third_party_rejected_reason: str | Unset = UNSET
    country: str | Unset = UNSET
    city: str | Unset = UNSET
    isp: str | Unset = UNSET
    proxy_type: str | Unset = UNSET
    browser_name: str | Unset = UNSET
    browser_version: str | Unset = UNSET
    browser_language: str | Unset = UNSET
    os_name: str | Unset = UNSET
    os_version: str | Unset = UNSET
    device_type: str | Unset = UNSET
    device_id: str | Unset = UNSET
    user_agent: str | Unset = UNSET
    referer: str | Unset = UNSET
    site_url: str | Unset = UNSET
    fingerprint: str | Unset = UNSET
    is_bot: bool | Unset = UNSET
    monitoring_mode: bool | Unset = UNSET
    filter_group_id: str | Unset = UNSET
    keyword: str | Unset = UNSET
    extra_parameters: list[ExtraParameter] | Unset = UNSET
    request_time: str | Unset = UNSET
    tx_id: str | Unset = UNSET
    impression_time: str | Unset = UNSET
    impression_ip: str | Unset = UNSET
    additional_properties: dict[str, Any] = _attrs_field(init=False, factory=dict)

    def to_dict(self) -> dict[str, Any]:
        """As JSON: properties that are not UNSET under their names on the wire, and unknown ones as they came."""
        field_dict: dict[str, Any] = dict(self.additional_properties)
        if self.real_tx_id is not UNSET:
            field_dict["real_tx_id"] = self.real_tx_id
        if self.offer is not UNSET:
            field_dict["offer"] = self.offer
        if self.publisher is not UNSET:
            field_dict["publisher"] = self.publisher
        if self.integration_id is not UNSET:
            field_dict["integration_id"] = self.integration_id
        if self.advertiser is not UNSET:
            field_dict["advertiser"] = self.advertiser
        if self.network is not UNSET:
            field_dict["network"] = self.network
        if self.offer_id is not UNSET:
            field_dict["offer_id"] = self.offer_id
        if self.sub_id is not UNSET:
            field_dict["sub_id"] = self.sub_id
        if self.sub_id_2 is not UNSET:
            field_dict["sub_id_2"] = self.sub_id_2
        if self.sub_id_3 is not UNSET:
            field_dict["sub_id_3"] = self.sub_id_3
        if self.sub_id_4 is not UNSET:
            field_dict["sub_id_4"] = self.sub_id_4
        if self.sub_id_5 is not UNSET:
            field_dict["sub_id_5"] = self.sub_id_5
        if self.sub_id_6 is not UNSET:
            field_dict["sub_id_6"] = self.sub_id_6
        if self.status is not UNSET:
            field_dict["status"] = self.status
        if self.rejection is not UNSET:
            field_dict["rejection"] = self.rejection
        if self.rejection_reason is not UNSET:
            field_dict["rejection_reason"] = self.rejection_reason
        if self.third_party_status is not UNSET:
            field_dict["third_party_status"] = self.third_party_status
        if self.third_party_rejected_reason is not UNSET:
            field_dict["third_party_rejected_reason"] = self.third_party_rejected_reason
        if self.country is not UNSET:
            field_dict["country"] = self.country
        if self.city is not UNSET:
            field_dict["city"] = self.city
        if self.isp is not UNSET:
            field_dict["isp"] = self.isp
        if self.proxy_type is not UNSET:
            field_dict["proxy_type"] = self.proxy_type
        if self.browser_name is not UNSET:
            field_dict["browser_name"] = self.browser_name
        if self.browser_version is not UNSET:
            field_dict["browser_version"] = self.browser_version
        if self.browser_language is not UNSET:
            field_dict["browser_language"] = self.browser_language
        if self.os_name is not UNSET:
            field_dict["os_name"] = self.os_name
        if self.os_version is not UNSET:
            field_dict["os_version"] = self.os_version
        if self.device_type is not UNSET:
            field_dict["device_type"] = self.device_type
        if self.device_id is not UNSET:
            field_dict["device_id"] = self.device_id
        if self.user_agent is not UNSET:
            field_dict["user_agent"] = self.user_agent
        if self.referer is not UNSET:
            field_dict["referer"] = self.referer
        if self.site_url is not UNSET:
            field_dict["site_url"] = self.site_url
        if self.fingerprint is not UNSET:
            field_dict["fingerprint"] = self.fingerprint
        if self.is_bot is not UNSET:
            field_dict["is_bot"] = self.is_bot
        if self.monitoring_mode is not UNSET:
            field_dict["monitoring_mode"] = self.monitoring_mode
        if self.filter_group_id is not UNSET:
            field_dict["filter_group_id"] = self.filter_group_id
        if self.keyword is not UNSET:
            field_dict["keyword"] = self.keyword
        if self.extra_parameters is not UNSET:
            field_dict["extra_parameters"] = plain(self.extra_parameters)
        if self.request_time is not UNSET:
            field_dict["request_time"] = self.request_time
        if self.tx_id is not UNSET:
            field_dict["tx_id"] = self.tx_id
        if self.impression_time is not UNSET:
            field_dict["impression_time"] = self.impression_time
        if self.impression_ip is not UNSET:
            field_dict["impression_ip"] = self.impression_ip
        return field_dict

    @classmethod
    def from_dict(cls, src_dict: Mapping[str, Any]) -> Self:
        """From JSON. A required property that is missing is a KeyError."""
        from ..models.extra_parameter import ExtraParameter

        d = dict(src_dict)
        model = cls(
            real_tx_id=UNSET if (v := d.pop("real_tx_id", None)) is None else v,
            offer=UNSET if (v := d.pop("offer", None)) is None else v,
            publisher=UNSET if (v := d.pop("publisher", None)) is None else v,
            integration_id=UNSET if (v := d.pop("integration_id", None)) is None else v,
            advertiser=UNSET if (v := d.pop("advertiser", None)) is None else v,
            network=UNSET if (v := d.pop("network", None)) is None else v,
            offer_id=UNSET if (v := d.pop("offer_id", None)) is None else v,
            sub_id=UNSET if (v := d.pop("sub_id", None)) is None else v,
            sub_id_2=UNSET if (v := d.pop("sub_id_2", None)) is None else v,
            sub_id_3=UNSET if (v := d.pop("sub_id_3", None)) is None else v,
            sub_id_4=UNSET if (v := d.pop("sub_id_4", None)) is None else v,
            sub_id_5=UNSET if (v := d.pop("sub_id_5", None)) is None else v,
            sub_id_6=UNSET if (v := d.pop("sub_id_6", None)) is None else v,
            status=UNSET if (v := d.pop("status", None)) is None else v,
            rejection=UNSET if (v := d.pop("rejection", None)) is None else v,
            rejection_reason=UNSET if (v := d.pop("rejection_reason", None)) is None else v,
            third_party_status=UNSET if (v := d.pop("third_party_status", None)) is None else v,
            third_party_rejected_reason=UNSET if (v := d.pop("third_party_rejected_reason", None)) is None else v,
            country=UNSET if (v := d.pop("country", None)) is None else v,
            city=UNSET if (v := d.pop("city", None)) is None else v,
            isp=UNSET if (v := d.pop("isp", None)) is None else v,
            proxy_type=UNSET if (v := d.pop("proxy_type", None)) is None else v,
            browser_name=UNSET if (v := d.pop("browser_name", None)) is None else v,
            browser_version=UNSET if (v := d.pop("browser_version", None)) is None else v,
            browser_language=UNSET if (v := d.pop("browser_language", None)) is None else v,
            os_name=UNSET if (v := d.pop("os_name", None)) is None else v,
            os_version=UNSET if (v := d.pop("os_version", None)) is None else v,
            device_type=UNSET if (v := d.pop("device_type", None)) is None else v,
            device_id=UNSET if (v := d.pop("device_id", None)) is None else v,
            user_agent=UNSET if (v := d.pop("user_agent", None)) is None else v,
            referer=UNSET if (v := d.pop("referer", None)) is None else v,
            site_url=UNSET if (v := d.pop("site_url", None)) is None else v,
            fingerprint=UNSET if (v := d.pop("fingerprint", None)) is None else v,
            is_bot=UNSET if (v := d.pop("is_bot", None)) is None else v,
            monitoring_mode=UNSET if (v := d.pop("monitoring_mode", None)) is None else v,
            filter_group_id=UNSET if (v := d.pop("filter_group_id", None)) is None else v,
            keyword=UNSET if (v := d.pop("keyword", None)) is None else v,
            extra_parameters=UNSET
            if (v := d.pop("extra_parameters", None)) is None
            else parse_models(ExtraParameter, v),
            request_time=UNSET if (v := d.pop("request_time", None)) is None else v,
            tx_id=UNSET if (v := d.pop("tx_id", None)) is None else v,
            impression_time=UNSET if (v := d.pop("impression_time", None)) is None else v,
            impression_ip=UNSET if (v := d.pop("impression_ip", None)) is None else v,
        )
        model.additional_properties = d
        return model

    @property
    def additional_keys(self) -> list[str]:
        return list(self.additional_properties)

    def __getitem__(self, key: str) -> Any:
        return self.additional_properties[key]

    def __setitem__(self, key: str, value: Any) -> None:
        self.additional_properties[key] = value

    def __delitem__(self, key: str) -> None:
        del self.additional_properties[key]

    def __contains__(self, key: str) -> bool:
        return key in self.additional_properties
