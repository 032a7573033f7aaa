"""Settings: one frozen record a stage, read from TOML and the environment, with their origins.

Later sources win: the defaults below, then the file, then environment variables named
``SAMESTORY_<SECTION>__<KEY>`` (``SAMESTORY_STORIES__WINDOW_HOURS=48``).
"""

from __future__ import annotations

import difflib
import hashlib
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from pipeline.errors import ConfigError

__all__ = [
    "ENV_PREFIX",
    "ExtractSettings",
    "FetchSettings",
    "LoadedSettings",
    "NearDuplicateSettings",
    "Outlet",
    "PathSettings",
    "RepetitionSettings",
    "RunSettings",
    "Settings",
    "SourceKind",
    "SourceSettings",
    "StorySettings",
    "known_outlets",
    "load_settings",
    "outcome_digest",
    "source_kind",
]

ENV_PREFIX = "SAMESTORY_"
SourceKind = Literal["feed", "sitemap", "urls", "warc", "files"]
Fraction = Annotated[float, Field(ge=0.0, le=1.0)]


class _Section(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class PathSettings(_Section):
    """Where things are kept. Relative paths, here as in sources, start at the working directory."""

    raw: Path = Field(Path("data/raw"), description="The archive (WARC). Never edited.")
    state: Path = Field(Path("data/state.sqlite3"), description="The one SQLite file of state.")
    clusters: Path = Field(Path("data/clusters"), description="The view: one JSON file a story.")
    runs: Path = Field(Path("data/runs"), description="One JSON report a run.")


class SourceSettings(_Section):
    """One place that articles come from."""

    name: str = Field(min_length=1, description="Unique name, shown in reports.")
    path: Path | None = Field(None, description="File or folder; or else url.")
    url: str | None = Field(
        None, max_length=2048, description="Feed, sitemap, list of URLs or WARC file on the web."
    )
    kind: SourceKind | None = Field(None, description="What it is, where its name does not tell.")
    outlet: str | None = Field(None, description="Outlet of all articles that name none.")
    family: str | None = Field(None, description="Publisher whose titles share their copy.")
    lang: str | None = Field(None, description="ISO 639-1 code for articles that state none.")
    country: str | None = Field(
        None, pattern="^[A-Z]{2}$", description="ISO 3166-1 alpha-2, upper case."
    )
    max_items: int = Field(
        200, ge=1, description="New articles taken in one run, the first listed first (articles)."
    )
    max_listings: int = Field(
        20, ge=1, description="Listings read in one run, with those they lead to (listings)."
    )

    @model_validator(mode="after")
    def _one_place(self) -> Self:
        if (self.path is None) == (self.url is None):
            raise ValueError(f"source {self.name!r} needs either path or url")
        if self.url is not None and not _is_web_address(self.url):
            raise ValueError(f"source {self.name!r}: url must begin with http:// or https://")
        wanted = {"files": "path", "feed": "url", "sitemap": "url"}.get(self.kind or "")
        if wanted and getattr(self, wanted) is None:
            raise ValueError(f"source {self.name!r}: kind {self.kind!r} needs {wanted}")
        return self


class Outlet(_Section):
    """What is known about an outlet: resolves time zones, cleans titles, counts families."""

    name: str = Field(min_length=1)
    domains: tuple[str, ...] = Field((), description="Registered domains, such as bbc.co.uk.")
    country: str | None = Field(None, description="ISO 3166-1 alpha-2, upper case.")
    family: str | None = Field(None, description="Publisher whose titles share their copy.")


class FetchSettings(_Section):
    """How the live web is asked: who asks, how often, and how much of an answer is taken."""

    user_agent: str = Field(
        "samestory/0.1",
        pattern=r"^[A-Za-z_-]+(/[\w.-]+)?$",
        description="Name by which servers and robots.txt know us, with its version.",
    )
    contact: str = Field(
        "",
        pattern=r"^[\x21-\x7e]*$",
        description="Address of a page or mailbox, told to every server.",
    )
    delay_seconds: float = Field(
        5.0, ge=0, description="Pause between two visits to a registered domain (seconds)."
    )
    max_crawl_delay_seconds: float = Field(
        30.0, ge=0, description="A longer Crawl-delay of robots.txt counts as this (seconds)."
    )
    max_hosts: int = Field(32, ge=1, description="Domains visited at once (domains).")
    deadline_seconds: float = Field(
        20.0, gt=0, description="For one URL with its robots.txt and redirects (seconds)."
    )
    connect_seconds: float = Field(
        5.0, gt=0, description="For a connection with its TLS handshake (seconds)."
    )
    max_body_bytes: int = Field(8 * 2**20, gt=0, description="Of a body, decoded (bytes).")
    max_header_bytes: int = Field(2**16, ge=1024, description="Of all headers together (bytes).")
    max_redirects: int = Field(5, ge=0, description="Followed for one URL (redirects).")
    robots_hours: float = Field(24.0, gt=0, description="How long robots.txt is kept (hours).")
    backoff_minutes: float = Field(
        10.0, ge=0, description="Pause after a failure, doubled by each one more (minutes)."
    )
    max_pause_hours: float = Field(
        168.0, gt=0, description="Longest pause, also where a server asks for more (hours)."
    )
    allow_private_hosts: bool = Field(
        default=False, description="Also visit private, local and reserved addresses."
    )
    ca_file: str = Field(
        "", description="File of certificates (PEM) to trust besides those of the system."
    )


class ExtractSettings(_Section):
    """Main text and metadata."""

    profile: Literal["full", "fast"] = Field(
        "full",
        description="Whom a page that leaves doubt is shown to: trafilatura, or only resiliparse; "
        "and whether any number on a page that states no day may be one.",
    )
    weights: str = Field(
        "", description="File of weights to tell text from surroundings; empty takes the shipped."
    )
    max_bytes: int = Field(8 * 2**20, gt=0, description="Larger inputs are refused (bytes).")
    max_elements: int = Field(
        100_000, gt=0, description="Pages with more HTML elements are refused (elements)."
    )
    min_words: int = Field(25, ge=0, description="Texts with fewer words are refused (words).")
    timeout_seconds: float = Field(20.0, gt=0, description="Wall time for one input (seconds).")
    memory_mib: int = Field(2048, ge=256, description="Memory of one worker (MiB).")


class RepetitionSettings(_Section):
    """Text that an article repeats inside itself."""

    min_words: int = Field(
        8, ge=1, description="A shorter paragraph goes only together with others (words)."
    )
    similarity: Fraction = Field(
        0.8, description="Share of words that agree, from which a sentence is a copy."
    )


class BoilerplateSettings(_Section):
    """Paragraphs that a site shows in many of its articles."""

    min_urls: int = Field(
        5, ge=2, description="A paragraph goes when so many URLs of a host show it (URLs)."
    )
    min_share: Fraction = Field(
        0.2, description="And when they are so large a share of the host's latest articles."
    )
    max_share: Fraction = Field(
        0.5, description="An article that would lose more of its words keeps all of them."
    )


class NearDuplicateSettings(_Section):
    """Near-duplicates: shingles, MinHash signatures, LSH and exact verification."""

    shingle_size: int = Field(5, ge=1, description="Words in a shingle.")
    num_perm: int = Field(128, ge=16, description="Permutations of a signature.")
    seed: int = Field(1, ge=0, description="Seed of the permutations.")
    # What datasketch chooses for a threshold of .7 where a missed pair weighs 99 times a false
    # one: .99 of pairs at .7 by themselves, and the sample finds what they miss.
    bands: int = Field(25, ge=1, description="Bands; bands x rows <= num_perm.")
    rows: int = Field(5, ge=1, description="Rows of a band.")
    threshold: Fraction = Field(0.7, description="Jaccard similarity of a near copy.")
    containment: Fraction = Field(0.7, description="Containment of a partial copy.")
    listed: Fraction = Field(
        0.5, description="Containment from which on a pair is listed; groups use all pairs."
    )
    sample_window: int = Field(
        20, ge=1, description="One of so many neighbouring shingles is sampled (shingles)."
    )
    crowd: int = Field(
        200, ge=2, description="A key of more articles is boilerplate, no hint (articles)."
    )
    expire_days: float = Field(
        0.0, ge=0, description="Copies of older articles are not looked for; 0 keeps all (days)."
    )

    @model_validator(mode="after")
    def _bands_fit(self) -> Self:
        if self.bands * self.rows > self.num_perm:
            raise ValueError(
                f"bands x rows = {self.bands * self.rows} needs more than num_perm = "
                f"{self.num_perm} permutations; lower one or raise num_perm"
            )
        return self


class StorySettings(_Section):
    """Groups of articles that cover one event."""

    threshold: Fraction = Field(
        0.34, description="Probability of one story, over all pairs, that joins two groups."
    )
    window_hours: float = Field(
        96.0, gt=0, description="A story without news closes; farther articles are apart (hours)."
    )
    embeddings: str = Field(
        "", description="Folder of an embedding model, asked beside words; empty asks none."
    )


class RunSettings(_Section):
    """How a run uses the machine."""

    n_jobs: int = Field(0, ge=0, description="Extraction workers; 0 is one for each core.")
    batch_pages: int = Field(
        20_000, ge=1, description="Inputs grouped at once; more become further batches (inputs)."
    )
    reports_kept: int = Field(1000, ge=1, description="Older reports of runs go (reports).")
    giant_share: Fraction = Field(
        0.1, description="Share of the articles in open stories from which a story is reported."
    )
    prometheus_file: str = Field(
        "", description="Figures of the last run for node-exporter's textfile collector."
    )
    heartbeat_file: str = Field("", description="Touched by each run that came to its end.")


class Settings(_Section):
    """Everything that can be set."""

    paths: PathSettings = PathSettings()
    run: RunSettings = RunSettings()
    fetch: FetchSettings = FetchSettings()
    extract: ExtractSettings = ExtractSettings()
    repetition: RepetitionSettings = RepetitionSettings()
    boilerplate: BoilerplateSettings = BoilerplateSettings()
    near_duplicates: NearDuplicateSettings = NearDuplicateSettings()
    stories: StorySettings = StorySettings()
    sources: tuple[SourceSettings, ...] = ()
    outlets: tuple[Outlet, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class LoadedSettings:
    """Settings with the origin of each value.

    Parameters
    ----------
    settings
        The validated values.
    origins
        For each dotted key: ``default``, the file's name, or ``environment NAME``.
    file
        The file read, if any.
    """

    settings: Settings
    origins: Mapping[str, str]
    file: Path | None


def load_settings(
    file: Path | None = None, environment: Mapping[str, str] | None = None
) -> LoadedSettings:
    """Read and validate settings.

    Parameters
    ----------
    file
        TOML file; None takes the defaults alone.
    environment
        Variables to look at; None takes those of the process.

    Raises
    ------
    ConfigError
        The file is missing or no TOML, a key is unknown (the message names the nearest valid
        key), or a value is not allowed. One line, naming the file or the variable.
    """
    values = {} if file is None else _read_toml(file)
    origins = {key: str(file) for key in _dotted(values)}
    variables = os.environ if environment is None else environment
    for name in sorted(n for n in variables if n.startswith(ENV_PREFIX) and "__" in n):
        key = name.removeprefix(ENV_PREFIX).lower().replace("__", ".")
        _assign(values, key, _env_value(variables[name]), name)
        origins[key] = f"environment {name}"
    try:
        settings = Settings.model_validate(values)
    except ValidationError as error:
        raise ConfigError(_first_problem(error, origins, file)) from None
    _check_unique_names(settings, file)
    every = dict.fromkeys(_dotted(settings.model_dump(mode="json")), "default")
    return LoadedSettings(settings=settings, origins=every | origins, file=file)


def known_outlets(settings: Settings) -> tuple[Outlet, ...]:
    """Return the outlets that the settings tell of, those of sources first."""
    of_sources = (
        Outlet(name=source.outlet, country=source.country, family=source.family)
        for source in settings.sources
        if source.outlet and (source.country or source.family)
    )
    return (*of_sources, *settings.outlets)


def outcome_digest(settings: Settings) -> str:
    """Return a short hash of all settings that can change an outcome, for provenance."""
    relevant = settings.model_dump(mode="json", exclude={"paths", "run", "fetch", "sources"})
    return hashlib.blake2b(json.dumps(relevant, sort_keys=True).encode(), digest_size=6).hexdigest()


def source_kind(source: SourceSettings) -> SourceKind:
    """Return what a source is: as stated, else by its name; ``feed`` is any listing on the web."""
    if source.kind is not None:
        return source.kind
    name = str(source.path or source.url).partition("?")[0].lower()
    if name.endswith((".warc", ".warc.gz", ".arc", ".arc.gz")):
        return "warc"
    return "files" if source.path is not None else "feed"


def _is_web_address(url: str) -> bool:
    try:
        parts = urlsplit(url)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname)


def _read_toml(file: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigError(
            f"{file}: cannot be read ({error.strerror}); name a file with --config"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigError(f"{file}: not valid TOML: {error}") from None


def _dotted(values: Mapping[str, Any], prefix: str = "") -> list[str]:
    """List the dotted keys of all leaves; a list is one leaf, because it is replaced whole."""
    keys = []
    for key, value in values.items():
        if isinstance(value, Mapping):
            keys += _dotted(value, f"{prefix}{key}.")
        else:
            keys.append(prefix + key)
    return keys


def _env_value(text: str) -> Any:
    """Read a variable as a TOML value (number, boolean, list); what is none is a string."""
    try:
        return tomllib.loads(f"value = {text}")["value"]
    except tomllib.TOMLDecodeError:
        return text


def _assign(values: dict[str, Any], key: str, value: Any, name: str) -> None:
    *sections, leaf = key.split(".")
    for section in sections:
        inner = values.setdefault(section, {})
        if not isinstance(inner, dict):
            raise ConfigError(f"environment {name}: {section} is no section")
        values = inner
    values[leaf] = value


def _first_problem(error: ValidationError, origins: Mapping[str, str], file: Path | None) -> str:
    # A misspelt key often shows twice, as unknown and as missing: the first says what to mend.
    problems = error.errors(include_url=False)
    problem = min(problems, key=lambda p: p["type"] != "extra_forbidden")
    location = [str(part) for part in problem["loc"]]
    key = ".".join(location)
    where = next(
        (origin for dotted, origin in origins.items() if f"{dotted}.".startswith(f"{key}.")),
        str(file or "defaults"),
    )
    if problem["type"] == "extra_forbidden":
        return f"{where}: unknown key {key}{_nearest(location)}"
    return f"{where}: {key}: {problem['msg']} (got {problem['input']!r})"


def _nearest(location: list[str]) -> str:
    """Name the nearest valid key: beside the unknown one, else anywhere, else list them."""
    model: Any = Settings
    for part in location[:-1]:
        if not part.isdigit():
            annotation = model.model_fields[part].annotation
            # A tuple of sections holds the section's class as its first argument.
            model = getattr(annotation, "__args__", (annotation,))[0]
    every = _dotted(Settings().model_dump())
    beside = [".".join([*location[:-1], name]) for name in model.model_fields]
    near = [key for key in every if key.rsplit(".", 1)[-1] == location[-1]]
    near += difflib.get_close_matches(".".join(location), beside, n=1)
    near += difflib.get_close_matches(".".join(location), every, n=1)
    return f"; did you mean {near[0]}?" if near else f"; valid here: {', '.join(beside)}"


def _check_unique_names(settings: Settings, file: Path | None) -> None:
    names = [source.name for source in settings.sources]
    doubled = sorted({name for name in names if names.count(name) > 1})
    if doubled:
        raise ConfigError(f"{file or 'defaults'}: two sources are named {doubled[0]!r}; rename one")
