"""Vocabulary of the made-up traffic: where visitors come from and what they hold in their hands."""

from __future__ import annotations

from typing import NamedTuple


class Country(NamedTuple):
    """A country, its share of the traffic and what is typical there."""

    code: str
    share: int
    language: str
    cities: tuple[str, ...]
    providers: tuple[str, ...]


class Device(NamedTuple):
    """A kind of device with the browser in use on it."""

    share: int
    type: str
    os_name: str
    os_versions: tuple[str, ...]
    browser_name: str
    browser_versions: tuple[str, ...]
    user_agent: str


COUNTRIES = (
    Country("US", 26, "en-US", ("New York", "Chicago", "Houston", "Phoenix"), ("Comcast", "Verizon", "AT&T")),
    Country("DE", 16, "de-DE", ("Berlin", "Hamburg", "München", "Köln"), ("Deutsche Telekom", "Vodafone", "1&1")),
    Country("GB", 12, "en-GB", ("London", "Leeds", "Bristol"), ("BT", "Sky Broadband", "Virgin Media")),
    Country("BR", 10, "pt-BR", ("São Paulo", "Recife", "Curitiba"), ("Claro", "Vivo", "Oi")),
    Country("IN", 9, "hi-IN", ("Mumbai", "Delhi", "Pune"), ("Jio", "Airtel", "BSNL")),
    Country("ES", 7, "es-ES", ("Madrid", "Sevilla", "Málaga"), ("Movistar", "Orange")),
    Country("FR", 6, "fr-FR", ("Paris", "Lyon", "Orléans"), ("Free", "Orange", "SFR")),
    Country("PL", 5, "pl-PL", ("Warszawa", "Łódź", "Gdańsk"), ("Orange", "Netia")),
    Country("ID", 5, "id-ID", ("Jakarta", "Bandung"), ("Telkomsel", "Indosat")),
    Country("JP", 4, "ja-JP", ("東京", "大阪"), ("NTT", "KDDI")),
)

_ANDROID = "Mozilla/5.0 (Linux; Android {os}; K) AppleWebKit/537.36 Chrome/{browser} Mobile Safari/537.36"
_IPHONE = "Mozilla/5.0 (iPhone; CPU iPhone OS {os} like Mac OS X) AppleWebKit/605.1.15 Version/{browser} Safari/604.1"
_WINDOWS = "Mozilla/5.0 (Windows NT {os}; Win64; x64) AppleWebKit/537.36 Chrome/{browser} Safari/537.36"
_FIREFOX = "Mozilla/5.0 (Windows NT {os}; Win64; x64; rv:{browser}) Gecko/20100101 Firefox/{browser}"
_MAC = "Mozilla/5.0 (Macintosh; Intel Mac OS X {os}) AppleWebKit/605.1.15 Version/{browser} Safari/605.1.15"

DEVICES = (
    Device(
        38, "Smartphone", "Android", ("12", "13", "14", "15"), "Chrome Mobile", ("130.0", "131.0", "132.0"), _ANDROID
    ),
    Device(24, "Smartphone", "iOS", ("16.7", "17.6", "18.2"), "Mobile Safari", ("16.6", "17.6", "18.2"), _IPHONE),
    Device(20, "Desktop", "Windows", ("10.0", "11.0"), "Chrome", ("131.0", "132.0", "133.0"), _WINDOWS),
    Device(7, "Desktop", "Windows", ("10.0",), "Firefox", ("128.0", "134.0"), _FIREFOX),
    Device(7, "Desktop", "Mac", ("10.15.7", "14.5"), "Safari", ("17.6", "18.1"), _MAC),
    Device(4, "Tablet", "Android", ("11", "13"), "Chrome", ("129.0", "131.0"), _ANDROID),
)
