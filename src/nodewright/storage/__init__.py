"""PostgreSQL: schema, migrations, records, persistence."""
