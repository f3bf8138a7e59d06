"""The program `shop`, also `python -m shop`. Read by: the operating system."""

from shop.cli import main

if __name__ == "__main__":
    main()
