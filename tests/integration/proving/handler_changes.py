# ruff: noqa: E501, E741 - a table
"""Changes of generated handlers by hand: those that contradict a clause, those that do the same.

Each is a text of one method, as ``ast.unparse`` writes it (``S`` is ``self.surroundings``), and
what stands there instead. Contradicting ones name the clause.
"""

from typing import NamedTuple


class Change(NamedTuple):
    """``old`` becomes ``new`` in ``method`` of a package's handler; ``clause`` is empty where the
    handler still does what all clauses say."""

    package: str
    method: str
    old: str
    new: str
    clause: str = ""


T, C, B, Q = "concert_ticketing", "course_platform", "plan_billing", "work_queue"
A, W, M, I = "clinic_appointments", "warehouse_stock", "meter_readings", "identity_service"

WRONG = (
    Change(T, "create_ticket", "price=request.price", "price=request.price + 1", "S5.5"),
    Change(T, "create_ticket", "status='reserved'", "status='paid'", "FR-7.1"),
    Change(T, "create_ticket", "reserved_at=S.now()", "reserved_at=None", "S5.7"),
    Change(T, "create_ticket", "check_ticket(ticket, S)", "pass", "FR-1.2"),
    Change(T, "create_ticket", "keep_new_ticket(ticket, S)", "pass", "FR-1.1"),
    Change(T, "create_ticket", "keep_new_ticket(ticket, S)", "S.stores.ticket.put(ticket)", "S2.2"),
    Change(T, "create_ticket", "seat=request.seat", "seat=request.event_name", "S5.3"),
    Change(T, "list_tickets", "ticket.holder_email == request.holder_email", "True", "FR-2.1"),
    Change(T, "list_tickets", "descending=True", "descending=False", "FR-2.1"),
    Change(T, "delete_unpaid_tickets", "minutes=15", "minutes=16", "FR-3.1"),
    Change(T, "delete_unpaid_tickets", "minutes=15", "minutes=14", "FR-3.1"),
    Change(T, "delete_unpaid_tickets", "ticket.status == 'reserved' and ", "", "FR-3.1"),
    Change(T, "delete_unpaid_tickets", "reserved_at <= ", "reserved_at < ", "FR-3.1"),
    Change(T, "delete_unpaid_tickets", "S.stores.ticket.remove(ticket.ticket_id)", "pass", "FR-3.1"),
    Change(T, "validate_ticket", "check_ticket(ticket, S)", "pass", "FR-9.1"),
    Change(T, "calculate_total_price", "- request.discount", "+ request.discount", "FR-5.1"),
    Change(T, "calculate_total_price", "+ request.fees ", "", "FR-5.1"),
    Change(T, "record_payment", "amount=payment.amount", "amount=payment.amount * 100", "FR-6.1"),
    Change(T, "record_payment", "subject='Your receipt'", "subject='Hello'", "FR-6.1"),
    Change(T, "record_payment", "'stripe', S.ports.stripe.charge", "'sendgrid', S.ports.stripe.charge", "FR-6.1"),
    Change(T, "pay_ticket", "'status': 'paid'", "'status': 'used'", "FR-7.1"),
    Change(T, "pay_ticket", "old_ticket.status == 'reserved'", "True", "FR-7.1"),
    Change(T, "use_ticket", "old_ticket.status == 'paid'", "True", "FR-7.1"),
    Change(T, "cancel_ticket", "keep_changed_ticket(ticket, S, ())", "S.stores.ticket.remove(ticket.ticket_id)", "FR-7.2"),
    Change(T, "count_sold_tickets", "('paid', 'used')", "('paid', 'used', 'reserved')", "FR-8.1"),
    Change(T, "count_sold_tickets", "('paid', 'used')", "('paid',)", "FR-8.1"),
    Change(T, "count_sold_tickets", "(ticket.event_name,)", "(ticket.seat,)", "FR-8.1"),
    Change(T, "sum_revenue", "payment.amount for", "Decimal(1) for", "FR-8.1"),
    Change(T, "sum_revenue", ".date(),)", ".date().replace(day=1),)", "FR-8.1"),
    Change(T, "confirm_purchase", "recipient=ticket.holder_email", "recipient='sales@example.org'", "FR-9.1"),
    Change(T, "purchase_ticket", "'amount': reserve.price", "'amount': 0", "FR-9.1"),
    Change(T, "purchase_ticket", "failed_step=failure.step", "failed_step=''", "FR-9.1"),
    Change(C, "enrol", "enrolment.places_left > 0", "enrolment.places_left >= 0", "R-7.4"),
    Change(C, "enrol", "'course_full'", "'no'", "R-7.4"),
    Change(C, "enrol", "recipient=enrolment.learner_email", "recipient=''", "R-6.5"),
    Change(C, "enrol", "check_enrolment(enrolment, S)", "pass", "R-9.1"),
    Change(C, "list_enrolments", "enrolment.learner_id == request.learner_id", "True", "R-1.1"),
    Change(C, "accept_enrolment", "'status': 'active'", "'status': 'finished'", "S6.1"),
    Change(C, "complete_enrolment", "'status': 'finished', 'completed': True", "'status': 'finished'", "S6.2"),
    Change(C, "withdraw_enrolment", "old_enrolment.status == 'active'", "True", "S6.3"),
    Change(C, "issue_certificate", "== 'finished'", "!= 'withdrawn'", "S7.2"),
    Change(C, "issue_certificate", "check_certificate(certificate, S)", "pass", "R-10.1"),
    Change(B, "upgrade_paid_plan", "10 if", "11 if", "FR-007.2"),
    Change(B, "upgrade_paid_plan", "None if", "100 if", "FR-007.3"),
    Change(B, "upgrade_paid_plan", "if earlier is not None:", "if False:", "FR-006.1"),
    Change(B, "follow_subscription", "'past_due' if", "'active' if", "FR-004.1"),
    Change(B, "follow_subscription", "'plan': 'free'", "'plan': 'pro'", "FR-004.2"),
    Change(B, "view_subscription", "subscription.user_id == caller.id and ", "", "FR-008.1"),
    Change(B, "view_subscription", " and subscription.status == 'active'", "", "FR-008.1"),
    Change(B, "cancel_subscription", "keep_changed_subscription(subscription, S, ('status', 'ends_at'))", "S.stores.subscription.remove(subscription.subscription_id)", "FR-009.1"),
    Change(B, "check_access", "> S.now()", "< S.now()", "FR-009.2"),
    Change(B, "list_payments", "payment.user_id == caller.id", "True", "FR-011.2"),
    Change(B, "log_unknown_user", "if not any", "if any", "FR-004.3"),
    Change(Q, "enqueue_job", "'high' if", "'low' if", "R-9.1"),
    Change(Q, "enqueue_job", "100, dt", "1000, dt", "R-10.1"),
    Change(Q, "enqueue_job", "topic='jobs:' + job.priority", "topic='jobs:low'", "R-11.1"),
    Change(Q, "enqueue_job", "not job.path.endswith('.tmp')", "True", "R-8.2"),
    Change(Q, "next_jobs", "0 if job.priority == 'high' else 1", "0", "R-13.1"),
    Change(Q, "purge_dead_jobs", "require(yes, ", "require(True, ", "R-7.4"),
    Change(Q, "purge_dead_jobs", "job.status == 'dead'", "True", "R-7.3"),
    Change(Q, "beat", "seconds=30", "seconds=300", "R-14.2"),
    Change(Q, "name_worker", "str(request.index)", "'0'", "R-12.1"),
    Change(A, "update_appointment", ">= S.now()", "is not None", "Story 2.4"),
    Change(A, "send_reminders", "hours=24", "hours=48", "Story 3.3"),
    Change(A, "send_reminders", "'reminded': True", "'reminded': False", "Story 3.3"),
    Change(A, "sum_waiting_minutes", "mean=average(", "mean=sum(", "Story 4.1"),
    Change(A, "count_missed_appointments", " and appointment.starts_at < S.now()", "", "Story 4.4"),
    Change(W, "list_movements", "stock_movement.bin == request.bin and ", "", "R-4.1"),
    Change(W, "report_movements", "start_of_week(stock_movement.moved_at.astimezone(dt.UTC).date())", "stock_movement.moved_at.astimezone(dt.UTC).date()", "R-6.1"),
    Change(W, "register_movement", "< product.reorder_point", "> product.reorder_point", "R-5.1"),
    Change(M, "convert_reading", "* 1000", "* 100", "MR-04.1"),
    Change(M, "show_registers", "readings=len(group)", "readings=1", "MR-06.1"),
    Change(M, "send_monthly_summary", "Retry(3,", "Retry(1,", "R-13.1"),
    Change(I, "register_user", " and request.consents_to_video", "", "ID-001.3"),
    Change(I, "reset_password", ">= 2", ">= 1", "ID-002.3"),
    Change(I, "use_refresh_token", "== refresh_token.family", "!= refresh_token.family", "ID-005.4"),
    Change(I, "list_valid_keys", "days=7", "days=8", "ID-005.6"),
    Change(I, "log_out_everywhere", "old_session.user == request.user and ", "", "ID-009.1"),
    Change(I, "check_connection", "4401", "4400", "ID-010.2"),
    Change(I, "erase_user", "if earlier is not None:", "if False:", "ID-007.6"),
)  # fmt: skip

SAME = (
    Change(T, "create_ticket", "keep_new_ticket(ticket, S)", "made = ticket\n        keep_new_ticket(made, S)"),
    Change(T, "list_tickets", "ticket.holder_email == request.holder_email", "not ticket.holder_email != request.holder_email"),
    Change(T, "list_tickets", "items=tuple(records)", "items=(*records,)"),
    Change(T, "list_tickets", "records = in_order(records, lambda ticket: ticket.reserved_at, descending=True)", "records = in_order(list(records), lambda each: each.reserved_at, descending=True)"),
    Change(T, "delete_unpaid_tickets", "minutes=15", "seconds=900"),
    Change(T, "delete_unpaid_tickets", "ticket.reserved_at <= S.now() - dt.timedelta(minutes=15)", "S.now() - ticket.reserved_at >= dt.timedelta(minutes=15)"),
    Change(T, "delete_unpaid_tickets", "for ticket in records:", "for ticket in reversed(records):"),
    Change(T, "calculate_total_price", "request.base_price + request.fees - request.discount", "request.fees - request.discount + request.base_price"),
    Change(T, "calculate_total_price", "rounded(request.base_price + request.fees - request.discount, 2)", "rounded(sum([request.base_price, request.fees]) - request.discount, 2)"),
    Change(T, "record_payment", "amount=payment.amount", "amount=request.amount"),
    Change(T, "record_payment", "'We received ' + text_of(payment.amount) + ' ' + payment.currency + '.'", "f'We received {text_of(payment.amount)} {payment.currency}.'"),
    Change(T, "pay_ticket", "'status': 'paid'", "**{'status': 'paid'}"),
    Change(T, "pay_ticket", "old_ticket.status == 'reserved'", "old_ticket.status in {'reserved'}"),
    Change(T, "pay_ticket", "only reserved becomes paid", "this ticket cannot be paid"),
    Change(T, "count_sold_tickets", "ticket.status in ('paid', 'used')", "ticket.status == 'used' or ticket.status == 'paid'"),
    Change(T, "count_sold_tickets", "sold=len(group)", "sold=sum(1 for _ in group)"),
    Change(T, "sum_revenue", "sum((payment.amount for payment in group), Decimal(0))", "sum([each.amount for each in group], Decimal('0'))"),
    Change(T, "confirm_purchase", "'Seat ' + ticket.seat + ' at ' + ticket.event_name + ' is yours.'", "f'Seat {ticket.seat} at {ticket.event_name} is yours.'"),
    Change(T, "purchase_ticket", "{'ticket_id': reserve.ticket_id}", "dict(ticket_id=reserve.ticket_id)"),
    Change(C, "enrol", "enrolment.places_left > 0", "enrolment.places_left >= 1"),
    Change(C, "enrol", "False if request.completed is None else request.completed", "bool(request.completed)"),
    Change(C, "enrol", "subject='Welcome'", "subject='Wel' + 'come'"),
    Change(C, "list_enrolments", "enrolment.learner_id == request.learner_id", "request.learner_id == enrolment.learner_id"),
    Change(C, "issue_certificate", "S.now().date()", "dt.date.fromisoformat(S.now().date().isoformat())"),
    Change(B, "upgrade_paid_plan", "10 if request.plan == 'pro' else None if request.plan == 'enterprise' else 3", "{'free': 3, 'pro': 10, 'enterprise': None}[request.plan]"),
    Change(B, "follow_subscription", "'active' if request.kind == 'renewed' else 'past_due' if request.kind == 'payment_failed' else 'cancelled'", "{'renewed': 'active', 'payment_failed': 'past_due'}.get(request.kind, 'cancelled')"),
    Change(B, "view_subscription", "subscription.user_id == caller.id and subscription.status == 'active'", "subscription.status == 'active' and subscription.user_id == caller.id"),
    Change(B, "check_access", "subscription.ends_at is not None and subscription.ends_at > S.now()", "bool(subscription.ends_at and S.now() < subscription.ends_at)"),
    Change(Q, "enqueue_job", "request.path.endswith('.pdf') or request.path.endswith('.zip')", "request.path.endswith(('.pdf', '.zip'))"),
    Change(Q, "next_jobs", "records[:1]", "[*records][0:1]"),
    Change(Q, "next_jobs", "0 if job.priority == 'high' else 1", "int(job.priority != 'high')"),
    Change(Q, "name_worker", "request.host + '-' + str(request.process) + '-' + str(request.index)", "'-'.join([request.host, str(request.process), str(request.index)])"),
    Change(A, "send_reminders", "hours=24", "days=1"),
    Change(A, "count_missed_appointments", "appointment.status in ('requested', 'confirmed')", "appointment.status not in ('arrived', 'completed')"),
    Change(W, "compute_stock_level", "sum((stock_movement.quantity for stock_movement in records))", "sum([each.quantity for each in records])"),
    Change(M, "convert_reading", "request.amount * 1000", "1000 * request.amount"),
    Change(I, "check_connection", "dt.timedelta(minutes=5)", "dt.timedelta(seconds=300)"),
    Change(I, "register_user", "request.consents_to_data and request.consents_to_biometrics and request.consents_to_video", "all([request.consents_to_data, request.consents_to_biometrics, request.consents_to_video])"),
    Change(I, "list_valid_keys", "signing_key.retired_at is None or signing_key.retired_at > S.now() - dt.timedelta(days=7)", "signing_key.retired_at is None or signing_key.retired_at + dt.timedelta(days=7) > S.now()"),
)  # fmt: skip
