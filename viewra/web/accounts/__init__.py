"""Who may do what: the admin's password, sessions, API tokens, and limits on guessing them. Knows nothing of HTTP."""
