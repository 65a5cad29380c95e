"""``self.host.fetch``: HTTP that the host does for plugins, imported when a plugin fetches something.

``FetchService`` is a plugin's. A request goes through the cache (``cache``) to its server (``origin``), on connections
(``pools``) that are made to checked addresses alone (``network``).
"""
