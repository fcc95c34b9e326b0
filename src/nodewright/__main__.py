"""``python -m nodewright`` is the ``nodewright`` command."""

from nodewright.cli.app import main

if __name__ == "__main__":
    main()
