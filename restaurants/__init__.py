"""What is sold, and where: zones, restaurants, menus, opening hours."""
