"""Who may call what: written by hand, beside the code's own declarations, so that one checks the other.

One line an endpoint: its name, then `everyone`, `signed-in`, or the roles. A new endpoint needs its line here.
Whoever adds one says who may call it twice, and the matrix compares.
"""

from typing import Final

from portal.access import Role

EVERYONE: Final = "everyone"
SIGNED_IN: Final = "signed-in"

_TABLE: Final = """
account.begin_second_factor        signed-in
account.change_details             signed-in
account.change_email               signed-in
account.change_password            signed-in
account.confirm_email              signed-in
account.confirm_email_now          signed-in
account.details                    signed-in
account.devices                    signed-in
account.email                      signed-in
account.end_device                 signed-in
account.end_other_devices          signed-in
account.finish_set_up              signed-in
account.new_codes                  signed-in
account.overview                   signed-in
account.password                   signed-in
account.records                    signed-in
account.second_factor_now          signed-in
account.set_up                     signed-in
account.turn_off                   signed-in
accounts.code                      everyone
accounts.give_code                 everyone
accounts.give_recovery_code        everyone
accounts.recovery                  everyone
accounts.sign_in                   everyone
accounts.sign_in_with_password     everyone
accounts.sign_out                  everyone
admin.account                      admin
admin.accounts                     admin
admin.give_role                    admin
admin.pause                        admin
admin.resume                       admin
admin.take_role                    admin
agreements.accept                  signed-in
agreements.every                   everyone
agreements.read                    everyone
applying.accept                    applicant expert
applying.agreement                 applicant expert
applying.answer                    applicant expert
applying.mine                      applicant expert
applying.questions                 applicant expert
applying.show                      applicant expert
applying.withdraw                  applicant expert
banks.download                     finance
banks.enter                        finance
banks.give                         expert
banks.make                         finance
banks.mine                         expert
banks.refuse                       finance
approving.approve_rest             manager
approving.decide_extension         manager
approving.queue                    manager
bonuses.ask                        manager
bonuses.claim                      expert
bonuses.decide                     manager
bonuses.mine                       expert
bonuses.refuse                     manager
budgets.set_budget                 manager
caps.announce                      manager
client.index                       client_reader
client.project                     client_reader
deciding.application               manager reviewer
deciding.confirm                   manager reviewer
deciding.decide                    manager reviewer
deciding.queue                     manager reviewer
deciding.result                    manager reviewer
decisions.answer                   compliance manager reviewer
decisions.appeal                   signed-in
decisions.decision                 signed-in
decisions.desk                     compliance manager reviewer
decisions.mine                     signed-in
decisions.one_appeal               compliance manager reviewer
earnings.back                      expert
earnings.index                     expert
earnings.leave                     expert
earnings.lines                     expert
earnings.refresh                   expert
earnings.set_up                    expert
earnings.to_stripe                 expert
earnings.statement                 expert
erasing.ask                        signed-in
erasing.page                       signed-in
erasing.undo                       signed-in
exam_adaptive.approve              manager reviewer
exam_adaptive.ask                  manager
exam_adaptive.drop                 manager
exam_adaptive.overview             manager reviewer
exam_adaptive.retire               manager
exam_adaptive.show                 manager reviewer
exam_bank.move                     manager reviewer
exam_bank.name_enemy               manager reviewer
exam_bank.overview                 manager reviewer
exam_bank.show                     manager reviewer
exam_bank.version                  manager reviewer
exam_flags.queue                   manager reviewer
exam_flags.settle                  manager reviewer
exam_flags.show                    manager reviewer
exam_forms.ask                     manager
exam_forms.make                    manager
exam_forms.new                     manager
exam_forms.overview                manager
exam_forms.show                    manager
exam_gates.answer                  applicant expert
exam_grading.adjudicate            reviewer
exam_grading.agreed                manager
exam_grading.draw                  reviewer
exam_grading.give                  reviewer
exam_grading.give_back             reviewer
exam_grading.queue                 reviewer
exam_grading.text                  reviewer
exam_managing.overview             manager reviewer
exam_managing.show                 manager reviewer
exam_measuring.fairness            manager
exam_measuring.forms               manager
exam_measuring.pilot               manager
exam_measuring.question            manager
exam_measuring.say_known           manager
exam_results.download              applicant expert
exam_results.fresh                 applicant expert
exam_results.put_on_paper          applicant expert
exam_results.result                applicant expert
exam_standards.adopt               manager
exam_standards.again               manager
exam_standards.drop                manager
exam_standards.hand_in             manager reviewer
exam_standards.mine                manager reviewer
exam_standards.open_panel          manager
exam_standards.overview            manager reviewer
exam_standards.question            manager reviewer
exam_standards.rate                manager reviewer
exam_standards.study               manager reviewer
exam_time.ask                      applicant expert
exam_time.end                      applicant expert
exam_time.show                     applicant expert
exam_time_desk.answer              compliance
exam_time_desk.grant               compliance
exam_time_desk.one                 compliance
exam_time_desk.overview            compliance
exam_time_desk.words               compliance
exports.fetch                      finance
finance.export                     finance
finance.index                      finance
finance.project                    manager
finance.settle                     finance
finance.set_limits                 finance
healthz                            everyone
home.home                          everyone
home.person_page                   admin compliance finance manager policy_expert reviewer
identity.appeal                    applicant expert
identity.ask_person                applicant expert
identity.back                      applicant expert
identity.done                      applicant expert
identity.hand_in                   applicant expert
identity.leave                     applicant expert
identity.overview                  applicant expert
identity.refresh                   applicant expert
identity.start                     applicant expert
identity.state                     applicant expert
identity.take_back                 applicant expert
identity_cases.answer              admin compliance
identity_cases.decide              admin compliance
identity_cases.give_opinion        admin compliance
identity_cases.look                admin compliance
identity_cases.overview            admin compliance
identity_cases.show                admin compliance
managing.approve                   manager
managing.dataset                   manager
managing.cancel_import             manager
managing.decide_adjustment         manager
managing.give_back                 manager
managing.imported                  manager
managing.import_progress           manager
managing.start_import              manager
managing.timesheet                 manager
managing.upload                    manager
openings.apply                     signed-in
openings.every                     everyone
openings.show                      everyone
operations.audit_list              admin
operations.jobs                    admin
operations.send_round_again        admin
papers.fetch                       expert
papers.of_statement                expert
papers.of_year                     expert
papers.year                        expert
pay_runs.again                     finance
pay_runs.approve                   finance
pay_runs.build                     finance manager
pay_runs.index                     finance manager
pay_runs.clear                     finance
pay_runs.lines                     finance manager
pay_runs.new                       finance manager
pay_runs.run                       finance manager
pay_runs.void                      finance manager
pausing.pause                      manager reviewer
pausing.resume                     manager reviewer
pausing.show                       manager reviewer
project_reports.ask                client_reader manager
project_reports.download           client_reader manager
project_reports.index              client_reader manager
project_reports.project            client_reader manager
projects.change_state              manager
projects.create                    manager
projects.guideline                 manager
projects.index                     manager
projects.new                       manager
projects.overview                  manager
projects.people                    manager
projects.publish_guideline         manager
projects.publish_rate              manager
projects.quality                   manager
projects.settings                  manager
projects.tasks                     manager
questions.answer                   manager policy_expert
questions.index                    manager policy_expert
readyz                             everyone
rails.book                         finance
rails.index                        finance
rails.undo                         finance
rates.publish                      manager
reports.download                   expert manager
reports.overview                   expert manager
reports.request_report             expert manager
reports.show                       expert manager
reports.verify                     everyone
rescoring.approve                  manager reviewer
rescoring.ask                      manager reviewer
rescoring.drop                     manager reviewer
rescoring.overview                 manager reviewer
rescoring.show                     manager reviewer
reset.forgotten                    everyone
reset.new_password                 everyone
reset.send_link                    everyone
reset.set_new_password             everyone
self_identifying.give              applicant expert
self_identifying.show              applicant expert
self_identifying.take_back         applicant expert
sign_up.confirm                    everyone
sign_up.confirm_now                everyone
sign_up.open_account               everyone
sign_up.sign_up                    everyone
sitting.about                      applicant expert
sitting.come_back                  applicant expert
sitting.finish                     applicant expert
sitting.go_on_here                 applicant expert
sitting.look_over                  applicant expert
sitting.mine                       applicant expert
sitting.next_section               applicant expert
sitting.question                   applicant expert
sitting.rest                       applicant expert
sitting.resume                     applicant expert
sitting.save                       applicant expert
sitting.start                      applicant expert
static                             everyone
stripe.receive                     everyone
styleguide.exam                    everyone
styleguide.guide                   everyone
styleguide.work                    everyone
tax_totals.export                  finance
tax_totals.year                    finance
taxes.give                         expert
taxes.index                        expert
reasoning.index                    manager policy_expert
releases.download                  client_reader manager
releases.index                     manager
releases.make                      manager
returns.confirm                    finance
returns.enter                      finance
returns.page                       finance
returns.withdraw                   finance
work.accept                        expert
work.ask                           expert
work.draft                         expert
work.guideline                     expert
work.index                         expert
work.keys                          expert
work.project                       expert
work.more_time                     expert
work.question                      expert
work.questions                     expert
work.skip                          expert
work.start                         expert
work.submit                        expert
work.task                          expert
work_clock.beat                    expert
work_clock.start                   expert
work_clock.stop                    expert
work_quality.index                 expert
work_time.adjust                   expert
work_time.index                    expert
work_time.sheet                    expert
work_time.take_claim               expert
work_time.submit                   expert
"""


def table() -> dict[str, list[str]]:
    """Endpoint → its audience, word by word. Raises where a line names somebody unknown."""
    rows = [line.split() for line in _TABLE.splitlines() if line.strip()]
    known = {EVERYONE, SIGNED_IN, *(role.value for role in Role)}
    for name, *audience in rows:
        if not audience or not known.issuperset(audience):
            raise ValueError(f"{name}: who is {audience}?")
    if len({name for name, *_ in rows}) != len(rows):
        raise ValueError("an endpoint is listed twice")
    return {name: audience for name, *audience in rows}
