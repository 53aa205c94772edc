"""Contents of alipay.commerce.data.send: notices of rides."""
from support import number, time_text


def item(**changes):
    """The ride in the sample of the platform's document, with changes."""
    ride = {
        "type": "order", "biz_no": number("B"), "amount": "1.0", "subject": "公交-000 路-车号[0-6009] 16:26",
        "biz_time": "2016-05-05 11:22:33", "asset_name": "ALIPAY", "city_name": "杭州", "adcode": "330100",
        "line_name": "公交 000 路", "line_id": "3213", "start_station_name": "龙翔桥", "start_station_id": "31231",
        "start_terminal_id": "A13123123", "start_terminal_serial_no": "1", "end_terminal_serial_no": "B213123",
        "start_terminal_time": "2016-05-05 11:22:33", "start_lbs": "106.72,26.57", "end_station_name": "火车东站",
        "end_station_id": "221312", "end_terminal_id": "32131", "end_terminal_time": "2016-05-05 11:22:33",
        "end_lbs": "106.72,26.57", "vehicle_id": "3213", "vehicle_type": "BUS", "card_record": "000201",
        "plate_number": "A312312", "card_no": "3213213213", "card_type": "T0420100", "driver_id": "3213123",
        "driver_name": "张三", "partner_name": "杭州市民卡", "partner_id": "2088000000000000", **changes,
    }
    return {name: value for name, value in ride.items() if value is not None}


def notices(user, count):
    """The content of a data.send call that tells a rider of `count` rides."""
    return {
        "scene_code": "TRANSIT", "op_code": "RIDE", "channel": "GATE", "target_id": user, "version": "1.0",
        "op_data": {"info": [{
            "type": "order", "biz_no": number("N"), "amount": "2.00", "subject": "bus 12", "biz_time": time_text(),
            "asset_name": "ALIPAY", "city_name": "杭州", "line_name": "12", "start_station_name": "a",
            "vehicle_type": "BUS", "vehicle_id": "v", "partner_name": "p", "partner_id": "1",
        } for _ in range(count)]}}


def notice(user_id, **changes):
    """The content of a data.send call for one ride."""
    item = {
        "type": "order", "biz_no": number("N"), "amount": "2.00", "subject": "Metro 1", "biz_time": time_text(),
        "asset_name": "ALIPAY", "city_name": "Hangzhou", "line_name": "1", "start_station_name": "Longxiangqiao",
        "vehicle_type": "METRO", "vehicle_id": "3213", "partner_name": "Demo", "partner_id": "2088000000000000",
        **changes,
    }
    return {"scene_code": "vechile_order", "op_code": "data_save", "channel": "demo", "target_id": user_id,
            "version": "2.0", "op_data": {"info": [item]}}
