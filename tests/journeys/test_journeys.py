"""Every kind of person walks the running product from end to end, and together they see every page.

One file, walked in order by one process: the product is started once, and later walks build on earlier ones.
"""

import pytest

from tests.journeys import account, applicant
from tests.journeys.account import Newcomer
from tests.journeys.conftest import Enter
from tests.journeys.product import Product

pytestmark = [pytest.mark.journey, pytest.mark.xdist_group("journeys")]

ADA = Newcomer("Ada Brandt", "ada@journeys.example")
JUN = Newcomer("Jun Okabe", "jun@journeys.example", "JP", "Asia/Tokyo")


def test_an_applicant_becomes_an_expert(enter: Enter, product: Product) -> None:
    with enter("applicant") as walker:
        applicant.arrive(walker, product, ADA)
        applicant.screen(walker)
        applicant.agree(walker)
        applicant.sit(walker, right=True, drops=(5,), closes=9)
        applicant.identify(walker)
        walker.visit("/applications/mine")
        walker.look("applications")
        walker.page.locator("main a[href^='/applications/']").first.click()
        walker.until("you are an expert now")
        walker.look("accepted")
