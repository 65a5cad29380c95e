"""Values ⇄ messages: pure functions, a module for each service, named as the capability is."""

from __future__ import annotations

from viewra.codec import (
    admin_page,
    api_registration,
    database,
    lifecycle,
    metadata_scraper,
    scanner_hook,
    search,
)
from viewra.codec.rpc import InvalidValue, Refusal, Reports, Rpc

CAPABILITIES = {
    module.SERVICE: module
    for module in (metadata_scraper, scanner_hook, database, admin_page, api_registration, search)
}
"""The six services by the name that a manifest's ``capabilities`` gives them."""

WIRE_SERVICES = {
    "plugin.MetadataScraperService": metadata_scraper.SERVICE,
    "plugin.ScannerHookService": scanner_hook.SERVICE,
    "plugin.DatabaseService": database.SERVICE,
    "plugin.AdminPageService": admin_page.SERVICE,
    "plugin.APIRegistrationService": api_registration.SERVICE,
    "plugin.SearchService": search.SERVICE,
}
"""The capability that a gRPC service, as reflection names it, stands for."""

__all__ = ["CAPABILITIES", "WIRE_SERVICES", "InvalidValue", "Refusal", "Reports", "Rpc", "lifecycle"]
