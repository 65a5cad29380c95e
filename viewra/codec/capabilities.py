"""The six services by all their names, for a host, which knows every one of them; a plugin imports those it offers."""

from __future__ import annotations

from viewra.codec import admin_page, api_registration, database, metadata_scraper, scanner_hook, search

CAPABILITIES = {
    module.SERVICE: module
    for module in (metadata_scraper, scanner_hook, database, admin_page, api_registration, search)
}
"""Their modules by the name that a manifest's ``capabilities`` gives them."""

WIRE_SERVICES = {
    "plugin.MetadataScraperService": metadata_scraper.SERVICE,
    "plugin.ScannerHookService": scanner_hook.SERVICE,
    "plugin.DatabaseService": database.SERVICE,
    "plugin.AdminPageService": admin_page.SERVICE,
    "plugin.APIRegistrationService": api_registration.SERVICE,
    "plugin.SearchService": search.SERVICE,
}
"""The capability that a gRPC service, as reflection names it, stands for."""
