"""What an attachment holds, shown without opening it: small pictures, its true kind, calendar, contacts, tables."""
