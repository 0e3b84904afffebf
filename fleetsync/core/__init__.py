"""What every app shares: clocks, events, relay, hub, ids, errors, geography, money, travel times."""
