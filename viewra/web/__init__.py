"""``viewra serve``: the HTTP API, the admin pages and plugins' own routes, on one host. Nothing else imports it."""
