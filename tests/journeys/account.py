"""What everybody does with an account: open it by mail, add a second factor, sign in, change things."""

import email
import re
import time
from dataclasses import dataclass
from email.policy import default

import pyotp

from tests.journeys.product import Product
from tests.journeys.walker import Walker

POST_OFFICE = "journeys.example"
PASSWORD = "otter lantern gravel 81"


@dataclass(frozen=True)
class Newcomer:
    """Somebody who has no account yet."""

    name: str
    address: str
    country: str = "DE"
    zone: str = "Europe/Berlin"


def letter_link(product: Product, address: str, part: str, *, seconds: float = 30) -> str:
    """The path in the newest letter to the address that contains `part`; waits for the letter."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        for path in sorted(
            (product.folder / "data" / "mail").glob("*.eml"),
            key=lambda file: file.stat().st_mtime,
            reverse=True,
        ):
            letter = email.message_from_bytes(path.read_bytes(), policy=default)
            found = re.search(rf"https?://[^/\s]+(/\S*{part}\S+)", letter.get_content())
            if letter["To"] == address and found:
                return found[1]
        time.sleep(0.3)
    raise AssertionError(f"no letter to {address} with {part}")


def sign_up(walker: Walker, product: Product, person: Newcomer) -> None:
    """Open an account, confirm the address by the letter's link, and sign in."""
    walker.fill(
        display_name=person.name,
        email=person.address,
        password=PASSWORD,
        country=person.country,
        time_zone=person.zone,
    )
    walker.press("Open my account")
    walker.look("letter-sent")
    walker.visit(letter_link(product, person.address, "sign-up/confirm/"))
    walker.look("confirm")
    walker.press("Yes, this address is mine")
    walker.fill(email=person.address, password=PASSWORD)
    walker.press("Sign in")


def sign_in(walker: Walker, person: Newcomer) -> None:
    """Sign in with address and password."""
    walker.visit("/sign-in")
    walker.fill(email=person.address, password=PASSWORD)
    walker.press("Sign in")


def second_factor(walker: Walker) -> pyotp.TOTP:
    """Set up an authenticator app from the key that the page shows."""
    walker.visit("/account/second-factor")
    walker.look("second-factor-off")
    walker.press("Set up an app")
    walker.look("second-factor-set-up")
    key = walker.page.locator("dd").first.inner_text().replace(" ", "")
    app = pyotp.TOTP(key)
    walker.fill(code=app.now())
    walker.press("Finish")
    walker.look("recovery-codes")
    walker.press("I have kept them")
    return app


def sign_in_with_code(walker: Walker, person: Newcomer, app: pyotp.TOTP) -> None:
    """Sign in as anybody does who has an app: the password, then a code that was not used yet."""
    used = app.now()
    sign_in(walker, person)
    walker.look("code")
    walker.press("I don't have my phone")
    walker.look("recovery")
    walker.press("Use the app after all")
    while app.now() == used:
        time.sleep(0.5)
    walker.fill(code=app.now())
    walker.press("Go on")


def change_address(walker: Walker, product: Product, address: str) -> None:
    """Move the account to another address, by the letter that goes there."""
    walker.visit("/account/e-mail")
    walker.fill(email=address, current=PASSWORD)
    walker.press("Send the letter")
    walker.visit(letter_link(product, address, "e-mail/confirm/"))
    walker.look("confirm-address")
    walker.page.locator("main form button").click()
    walker.page.wait_for_load_state("load")


def forget_password(walker: Walker, product: Product, address: str) -> None:
    """Set a new password by mail; the same one again will do."""
    walker.visit("/reset-password")
    walker.look("forgotten")
    walker.fill(email=address)
    walker.press("Send me a link")
    walker.look("link-sent")
    walker.visit(letter_link(product, address, "reset-password/"))
    walker.look("new-password")
    walker.fill(password=PASSWORD)
    walker.press("Set my password")
