"""What was bought: quotes, orders, the order's life."""
