"""Who signed a request and who that is: signatures, access keys, sessions, users and roles."""
