"""Who: users, roles, driver profiles, tokens for HTTP and sockets."""
