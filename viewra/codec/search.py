"""``plugin.SearchService``: searches in a plugin's own source."""

from __future__ import annotations

from collections.abc import Mapping

import attrs

from viewra.codec import checks
from viewra.codec.rpc import InvalidValue, Reports, Rpc, procedure
from viewra.pb import plugin_pb2 as pb
from viewra.services import SERVICES
from viewra.text import shown
from viewra.types import SearchCapabilities, SearchResponse, SearchResult

SERVICE = SERVICES["search"].capability


def _request(query: Mapping[str, str], limit: int, offset: int) -> pb.SearchRequest:
    return pb.SearchRequest(query=query, limit=checks.uint32(limit, "limit"), offset=checks.uint32(offset, "offset"))


def _result_message(result: SearchResult) -> pb.SearchResult:
    return pb.SearchResult(
        id=result.id,
        title=result.title,
        artist=result.artist,
        album=result.album,
        score=result.score,
        metadata=result.metadata,
    )


def _result(message: pb.SearchResult, field: str) -> SearchResult:
    metadata = dict(checks.within(message.metadata, f"{field}.metadata"))
    result = SearchResult(message.id, message.title, message.artist, message.album, message.score, metadata)
    return _check_contract(result, field)


def _check_contract(result: SearchResult, field: str) -> SearchResult:
    """Check what the wire's types do not ensure."""
    if result.id == "":
        raise InvalidValue(f"{field}.id", "is required")
    score: object = result.score  # the annotation binds no author
    if not isinstance(score, float | int) or not 0 <= score <= 1:  # NaN fails the comparison too
        raise InvalidValue(f"{field}.score", f"must be a number from 0 to 1, not {shown(result.score)}")
    return result


def _response_message(response: SearchResponse) -> pb.SearchResponse:
    return pb.SearchResponse(
        success=True,
        results=map(_result_message, response.results),
        total_count=response.total_count,
        has_more=response.has_more,
    )


def _response(message: pb.SearchResponse) -> SearchResponse:
    found = checks.within(message.results, "results")
    results = [_result(one, f"results[{index}]") for index, one in enumerate(found)]
    return SearchResponse(results, message.total_count, message.has_more)


def _capabilities_message(value: SearchCapabilities) -> pb.GetSearchCapabilitiesResponse:
    return pb.GetSearchCapabilitiesResponse(
        supported_fields=value.supported_fields,
        supports_pagination=value.supports_pagination,
        max_results=value.max_results,
    )


def _check_result(value: object, field: str) -> SearchResult:
    result = checks.instance(value, field, SearchResult)
    for name in ("id", "title", "artist", "album"):
        checks.text(getattr(result, name), f"{field}.{name}")
    _check_contract(result, field)
    return attrs.evolve(result, metadata=checks.text_map(result.metadata, f"{field}.metadata"))


def _check_response(value: object) -> SearchResponse:
    response = checks.instance(value, "response", SearchResponse)
    results = checks.items(response.results, "results", _check_result)
    checks.uint32(response.total_count, "total_count")
    checks.boolean(response.has_more, "has_more")
    return attrs.evolve(response, results=results)


def _check_capabilities(value: object) -> SearchCapabilities:
    capabilities = checks.instance(value, "capabilities", SearchCapabilities)
    checks.texts(capabilities.supported_fields, "supported_fields")
    checks.boolean(capabilities.supports_pagination, "supports_pagination")
    checks.uint32(capabilities.max_results, "max_results")
    return capabilities


SEARCH: Rpc[[Mapping[str, str], int, int], SearchResponse] = procedure(
    service=SERVICE,
    method="search",
    path="/plugin.SearchService/Search",
    request=pb.SearchRequest,
    response=pb.SearchResponse,
    encode_args=_request,
    decode_args=lambda message: (dict(message.query), message.limit, message.offset),
    encode_value=_response_message,
    decode_value=_response,
    check=_check_response,
    reports=Reports.SUCCESS,
    idempotent=True,
    plain=True,
)
GET_SEARCH_CAPABILITIES: Rpc[[], SearchCapabilities] = procedure(
    service=SERVICE,
    method="get_search_capabilities",
    path="/plugin.SearchService/GetSearchCapabilities",
    request=pb.GetSearchCapabilitiesRequest,
    response=pb.GetSearchCapabilitiesResponse,
    encode_args=pb.GetSearchCapabilitiesRequest,
    encode_value=_capabilities_message,
    decode_value=lambda message: SearchCapabilities(
        checks.within(message.supported_fields, "supported_fields"), message.supports_pagination, message.max_results
    ),
    check=_check_capabilities,
    idempotent=True,
    plain=True,
)
