"""Time zones as datelines name them: offsets, abbreviations, and which abbreviations lie."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone
from zoneinfo import ZoneInfo

from pipeline.records import Zone

__all__ = ["home_offset", "zoned"]

# Hours east of UTC of abbreviations that mean one offset wherever news is written (tz database).
# CDT is Cuba's too; no outlet seen writes it so.
_FIXED_HOURS = {
    "Z": 0.0, "UTC": 0.0, "GMT": 0.0, "WET": 0.0, "WEST": 1.0, "CET": 1.0, "MEZ": 1.0,
    "CEST": 2.0, "MESZ": 2.0, "EET": 2.0, "EEST": 3.0, "MSK": 3.0, "TRT": 3.0, "SAST": 2.0,
    "CAT": 2.0, "WAT": 1.0, "EAT": 3.0, "PKT": 5.0, "NPT": 5.75, "WIB": 7.0, "WITA": 8.0,
    "WIT": 9.0, "SGT": 8.0, "HKT": 8.0, "PHT": 8.0, "AWST": 8.0, "JST": 9.0, "KST": 9.0,
    "ACST": 9.5, "ACDT": 10.5, "AEST": 10.0, "AEDT": 11.0, "NZST": 12.0, "NZDT": 13.0,
    "BRT": -3.0, "ART": -3.0, "EDT": -4.0, "CDT": -5.0, "MDT": -6.0, "PDT": -7.0,
    "AKDT": -8.0, "AKST": -9.0, "HST": -10.0,
}  # fmt: skip

# Names of a region's time whatever the season.
_REGIONAL = {
    "ET": "America/New_York",
    "CT": "America/Chicago",
    "MT": "America/Denver",
    "PT": "America/Los_Angeles",
    "AKT": "America/Anchorage",
}

# Abbreviations of several zones: the outlet's country decides. The zone's own clock is used, so
# that the common "EST" of a summer day in New York is read as its reader means it.
_AMBIGUOUS = {
    "IST": {"IN": "Asia/Kolkata", "LK": "Asia/Colombo", "IE": "Europe/Dublin",
            "IL": "Asia/Jerusalem"},
    "BST": {"GB": "Europe/London", "BD": "Asia/Dhaka"},
    "EST": {"US": "America/New_York", "CA": "America/Toronto", "JM": "America/Jamaica",
            "BS": "America/Nassau", "PA": "America/Panama", "AU": "Australia/Sydney"},
    "CST": {"US": "America/Chicago", "CA": "America/Winnipeg", "MX": "America/Mexico_City",
            "CU": "America/Havana", "CN": "Asia/Shanghai", "TW": "Asia/Taipei"},
    "MST": {"US": "America/Denver", "CA": "America/Edmonton", "MY": "Asia/Kuala_Lumpur"},
    "PST": {"US": "America/Los_Angeles", "CA": "America/Vancouver", "PH": "Asia/Manila"},
    "AST": {"CA": "America/Halifax", "PR": "America/Puerto_Rico", "TT": "America/Port_of_Spain",
            "SA": "Asia/Riyadh", "KW": "Asia/Kuwait", "QA": "Asia/Qatar"},
    "GST": {"AE": "Asia/Dubai", "OM": "Asia/Muscat"},
    "BDT": {"BD": "Asia/Dhaka", "BN": "Asia/Brunei"},
    "WST": {"AU": "Australia/Perth", "WS": "Pacific/Apia"},
}  # fmt: skip

# Countries where everybody's clock shows the same (tz database), as far as outlets are known there.
_HOME = {
    "AE": "Asia/Dubai", "AT": "Europe/Vienna", "BD": "Asia/Dhaka", "BE": "Europe/Brussels",
    "BG": "Europe/Sofia", "CH": "Europe/Zurich", "CN": "Asia/Shanghai", "CO": "America/Bogota",
    "CZ": "Europe/Prague", "DE": "Europe/Berlin", "DK": "Europe/Copenhagen", "EG": "Africa/Cairo",
    "FI": "Europe/Helsinki", "FR": "Europe/Paris", "GB": "Europe/London", "GH": "Africa/Accra",
    "GR": "Europe/Athens", "HK": "Asia/Hong_Kong", "HR": "Europe/Zagreb", "HU": "Europe/Budapest",
    "IE": "Europe/Dublin", "IL": "Asia/Jerusalem", "IN": "Asia/Kolkata", "IT": "Europe/Rome",
    "JP": "Asia/Tokyo", "KE": "Africa/Nairobi", "KR": "Asia/Seoul", "LK": "Asia/Colombo",
    "LU": "Europe/Luxembourg", "NG": "Africa/Lagos", "NL": "Europe/Amsterdam",
    "NO": "Europe/Oslo", "PH": "Asia/Manila", "PK": "Asia/Karachi", "PL": "Europe/Warsaw",
    "RO": "Europe/Bucharest", "SE": "Europe/Stockholm", "SG": "Asia/Singapore",
    "SK": "Europe/Bratislava", "TH": "Asia/Bangkok", "TR": "Europe/Istanbul",
    "TW": "Asia/Taipei", "UA": "Europe/Kyiv", "VN": "Asia/Ho_Chi_Minh",
    "ZA": "Africa/Johannesburg",
}  # fmt: skip

_OFFSET = re.compile(r"(?:UTC|GMT)?([+\-−])(\d{1,2}):?(\d{2})?$")
_WIDEST_OFFSET_HOURS = 14  # Kiribati; anything beyond is no offset


def zoned(local: datetime, name: str, country: str | None) -> tuple[datetime, Zone]:
    """Return a clock reading as an aware time in the zone meant, and how sure that is.

    Parameters
    ----------
    local
        The reading, naive.
    name
        Upper-case abbreviation or offset (``+05:30``, ``GMT+1``); empty where none was given.
    country
        ISO 3166-1 alpha-2 code of the outlet, to tell ambiguous abbreviations apart.

    Returns
    -------
    tuple
        Zones ``ambiguous`` and ``missing`` come with the reading taken as UTC.
    """
    offset = _offset(name)
    if offset is not None:
        return local.replace(tzinfo=timezone(offset)), "stated"
    if name in _REGIONAL:
        return local.replace(tzinfo=ZoneInfo(_REGIONAL[name])), "stated"
    region = _AMBIGUOUS.get(name, {}).get(country or "")
    if region:
        return local.replace(tzinfo=ZoneInfo(region)), "guessed_from_outlet"
    return local.replace(tzinfo=UTC), "ambiguous" if name in _AMBIGUOUS else "missing"


def home_offset(instant: datetime, country: str | None) -> int | None:
    """Return the minutes east of UTC that clocks in a country show at an instant.

    None where the country has several zones, or is not known.
    """
    zone = _HOME.get(country or "")
    offset = instant.astimezone(ZoneInfo(zone)).utcoffset() if zone else None
    return None if offset is None else int(offset.total_seconds()) // 60


def _offset(name: str) -> timedelta | None:
    if name in _FIXED_HOURS:
        return timedelta(hours=_FIXED_HOURS[name])
    match = _OFFSET.match(name)
    if not match:
        return None
    sign, hours, minutes = match.groups()
    size = timedelta(hours=int(hours), minutes=int(minutes or 0))
    if size > timedelta(hours=_WIDEST_OFFSET_HOURS):
        return None
    return size if sign == "+" else -size
