"""Values ⇄ messages: pure functions, a module for each service, named as the capability is."""
