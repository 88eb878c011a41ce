"""PyPI clickhouse-connect, with its defaults: a session of its own, Native both ways, lz4 both ways,
`wait_end_of_query` for whole results, the settings that it asks for and sends at connect."""

import datetime
import ipaddress
import logging
import threading
import unittest
import uuid
from decimal import Decimal

import clickhouse_connect
from clickhouse_connect.driver.exceptions import DatabaseError
from clickhouse_connect.driver.external import ExternalData
from server import Server

# The client logs what it then raises.
logging.disable(logging.CRITICAL)

COLUMNS = {
    "id": "UInt64",
    "name": "LowCardinality(String)",
    "tags": "Array(Nullable(String))",
    "at": "DateTime64(3, 'UTC')",
    "day": "Date",
    "score": "Nullable(Float64)",
    "counts": "Map(String, UInt32)",
    "uuid": "UUID",
    "price": "Decimal(18, 4)",
    "address": "IPv4",
    "pair": "Tuple(Int8, String)",
    "level": "Enum8('low' = 1, 'high' = 2)",
}


def row(n: int) -> list:
    return [
        n,
        f"n{n % 7}",
        ["a", None, "it's\t\\"],
        datetime.datetime(2026, 1, 2, 3, 4, 5, 678_000),
        datetime.date(2026, 1, 2),
        None if n % 2 else 0.5,
        {"x": n % 1_000},
        uuid.UUID(int=n),
        Decimal("1.2345"),
        ipaddress.IPv4Address("192.0.2.1"),
        (-1, "b"),
        "high",
    ]


class Clients(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = Server("--reader", "reader", "--reader-password", "r3ad")

    @classmethod
    def tearDownClass(cls):
        cls.server.close()

    def connect(self, **options):
        client = clickhouse_connect.get_client(host="127.0.0.1", port=self.server.port, **options)
        self.addCleanup(client.close)
        return client

    def table(self, client, columns=None, engine="MergeTree ORDER BY id") -> str:
        name = f"t_{uuid.uuid4().hex}"
        columns = ", ".join(f"{name} {kind}" for name, kind in (columns or COLUMNS).items())
        client.command(f"CREATE TABLE {name} ({columns}) ENGINE = {engine}")
        return name

    def test_connects_with_its_defaults(self):
        client = self.connect()
        self.assertRegex(client.server_version, r"^\d+\.\d+\.\d+\.\d+$")
        self.assertEqual(client.compression.split(",")[0], client.write_compression)
        self.assertIn("session_id", client.params)
        self.assertIn("max_threads", client.server_settings)
        self.assertTrue(client.ping())
        self.assertEqual(client.command("SELECT 40 + 2"), 42)

    def test_rows_go_in_and_come_out_as_they_were(self):
        client = self.connect()
        name = self.table(client)
        rows = [row(n) for n in range(50_000)]
        summary = client.insert(name, rows, column_names=list(COLUMNS))
        self.assertEqual(summary.written_rows, 50_000)
        result = client.query(f"SELECT * FROM {name} ORDER BY id")
        self.assertEqual(result.column_names, tuple(COLUMNS))
        self.assertEqual(result.row_count, 50_000)
        self.assertEqual([list(found) for found in result.result_rows], rows)
        self.assertEqual(result.summary["result_rows"], "50000")
        self.assertNotEqual(result.query_id, "")

    def test_json_columns(self):
        client = self.connect()
        name = self.table(client, {"id": "UInt64", "body": "JSON(n Int64)"})
        body = {"n": 7, "deep": {"list": [1, 2]}, "name": "x"}
        client.insert(name, [[1, body]], column_names=["id", "body"])
        self.assertEqual(client.query(f"SELECT body FROM {name}").result_rows, [(body,)])
        self.assertEqual(client.query(f"SELECT body.deep.list[2] FROM {name}").result_rows, [(2,)])

    def test_parameters_of_both_kinds(self):
        client = self.connect()
        self.assertEqual(
            client.query(
                "SELECT {text:String}, {list:Array(Int32)}, {when:DateTime('UTC')}, {nothing:Nullable(String)}",
                parameters={
                    "text": "a\n'b'\\",
                    "list": [1, -2],
                    "when": datetime.datetime(2026, 1, 2),
                    "nothing": None,
                },
            ).result_rows,
            [("a\n'b'\\", [1, -2], datetime.datetime(2026, 1, 2), None)],
        )
        by_client = client.query("SELECT %(a)s, %(b)s", parameters={"a": "it's", "b": 7})
        self.assertEqual(by_client.result_rows, [("it's", 7)])
        form = self.connect(form_encode_query_params=True)
        long = form.query("SELECT length({x:String})", parameters={"x": "x" * 200_000})
        self.assertEqual(long.result_rows, [(200_000,)])

    def test_each_compression(self):
        for compress in ["lz4", "zstd", "gzip", False]:
            with self.subTest(compress=compress):
                client = self.connect(compress=compress)
                name = self.table(client)
                client.insert(name, [row(n) for n in range(5_000)], column_names=list(COLUMNS))
                found = client.query(f"SELECT * FROM {name} ORDER BY id").result_rows
                self.assertEqual(list(found[4_999]), row(4_999))

    def test_a_million_rows_stream_both_ways_in_bounded_memory(self):
        client = self.connect()
        name = self.table(client, {"id": "UInt64", "name": "String"}, engine="Null")
        client.insert(name, [[1, "x"]], column_names=["id", "name"])
        before = self.server.peak_mib()
        count, total = 0, 0
        sql = "SELECT number, leftPad(toString(number), 100, '0') FROM numbers(1000000)"
        with client.query_column_block_stream(sql) as stream:
            for ids, names in stream:
                count += len(names)
                total += sum(ids)
        self.assertEqual((count, total), (1_000_000, 499_999_500_000))
        rows = [[n, "x" * 100] for n in range(1_000_000)]
        blocks = {"max_insert_block_size": 65_536, "min_insert_block_size_rows": 65_536}
        summary = client.insert(name, rows, column_names=["id", "name"], settings=blocks)
        self.assertEqual(summary.written_rows, 1_000_000)
        # Each way is over 100 MB.
        self.assertLess(self.server.peak_mib() - before, 200)

    def test_a_whole_result_is_held_back_whatever_its_size(self):
        client = self.connect(query_limit=0)
        result = client.query("SELECT number, repeat('x', 500) FROM numbers(200000)")
        self.assertEqual(result.row_count, 200_000)
        self.assertEqual(result.summary["result_rows"], "200000")

    def test_failures_before_a_result(self):
        client = self.connect()
        for sql, code in [("SELECT nope", 47), ("SELEC 1", 62), ("SELECT * FROM nope", 60)]:
            with self.subTest(sql=sql), self.assertRaises(DatabaseError) as caught:
                client.query(sql)
            self.assertEqual(caught.exception.code, code)
        # Whole results wait for their end, so that a late failure is an early one.
        with self.assertRaises(DatabaseError) as caught:
            client.query("SELECT number, throwIf(number = 900000, 'too late') FROM numbers(1000000)")
        self.assertEqual(caught.exception.code, 395)
        name = self.table(client, {"id": "UInt64"})
        with self.assertRaises(DatabaseError) as caught:
            client.raw_insert(name, insert_block=b'{"id":1}\n{"id":"no"}\n', fmt="JSONEachRow")
        self.assertEqual(caught.exception.code, 27)
        self.assertEqual(self.server.ask(f"SELECT count() FROM {name}"), "0")
        with self.assertRaises(DatabaseError) as caught:
            self.connect(password="wrong")
        self.assertEqual(caught.exception.code, 516)

    def test_a_failure_inside_a_result_reaches_its_reader(self):
        sql = "SELECT number, throwIf(number = 300000, 'too late') AS x FROM numbers(500000)"
        for compress in [True, "zstd", False]:
            with self.subTest(compress=compress):
                client = self.connect(compress=compress)
                # The client reads ahead, and may find the failure before it gives a row.
                with self.assertRaisesRegex(DatabaseError, "too late"):
                    with client.query_row_block_stream(sql, settings={"max_threads": 1}) as stream:
                        for block in stream:
                            self.assertGreater(len(block), 0)
                self.assertEqual(client.command("SELECT 1"), 1)

    def test_the_clients_session_keeps_what_it_holds(self):
        client = self.connect()
        client.command("CREATE TEMPORARY TABLE tmp (a UInt8)")
        client.insert("tmp", [[1], [2]], column_names=["a"])
        client.command("SET max_block_size = 77")
        sql = "SELECT sum(a), getSetting('max_block_size') FROM tmp"
        self.assertEqual(client.query(sql).result_rows, [(3, 77)])
        self.assertEqual(client.query(sql, settings={"max_block_size": 5}).result_rows, [(3, 5)])
        self.assertEqual(client.query(sql).result_rows, [(3, 77)])
        with self.assertRaises(DatabaseError):
            self.connect().query("SELECT * FROM tmp")

    def test_two_clients_of_one_session(self):
        one, two = (self.connect(session_id="shared") for _ in range(2))
        slow = threading.Thread(target=lambda: one.query("SELECT sleep(1)", settings={"query_id": "slow"}))
        slow.start()
        self.server.until("SELECT count() FROM system.processes WHERE query_id = 'slow'", "1")
        with self.assertRaises(DatabaseError) as caught:
            two.query("SELECT 1")
        self.assertEqual(caught.exception.code, 373)
        slow.join()
        self.assertEqual(two.command("SELECT 1"), 1)

    def test_queries_run_side_by_side(self):
        client = self.connect(autogenerate_session_id=False)
        found, threads = {}, []
        for n in range(16):
            ask = lambda n=n: found.update({n: client.command(f"SELECT {n} + sleep(0.1)")})
            threads.append(threading.Thread(target=ask))
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        self.assertEqual(found, {n: n for n in range(16)})

    def test_a_query_is_killed_by_its_id(self):
        client, other = self.connect(), self.connect()
        raised = []

        def endless():
            try:
                client.query(
                    "SELECT count() FROM numbers(1000000000000) WHERE NOT ignore(sipHash64(number))",
                    settings={"query_id": "endless"},
                )
            except DatabaseError as error:
                raised.append(error.code)

        thread = threading.Thread(target=endless)
        thread.start()
        running = "SELECT count() FROM system.processes WHERE query_id = 'endless'"
        self.server.until(running, "1")
        other.command("KILL QUERY WHERE query_id = {id:String} SYNC", parameters={"id": "endless"})
        thread.join()
        self.assertEqual(raised, [394])
        self.assertEqual(client.command("SELECT 1"), 1)

    def test_external_tables(self):
        client = self.connect()
        people = ExternalData(
            file_name="people.csv", data=b'1,"Ada"\n2,"Bo"\n', fmt="CSV", structure=["id UInt8", "name String"]
        )
        people.add_file(file_name="ages.tsv", data=b"1\t36\n2\t40\n", fmt="TabSeparated", types=["UInt8", "UInt8"])
        sql = "SELECT name, _2 FROM people JOIN ages ON id = _1 ORDER BY id"
        for _ in range(2):
            self.assertEqual(client.query(sql, external_data=people).result_rows, [("Ada", 36), ("Bo", 40)])

    def test_raw_formats(self):
        client = self.connect()
        self.assertEqual(client.raw_query("SELECT 1 AS a", fmt="JSONEachRow"), b'{"a":1}\n')
        name = self.table(client, {"id": "UInt64"})
        client.raw_insert(name, insert_block=iter([b"1\n", b"2\n"]), fmt="CSV")
        with client.raw_stream(f"SELECT id FROM {name} ORDER BY id", fmt="CSV") as stream:
            self.assertEqual(stream.read(), b"1\n2\n")

    def test_a_reader_asks_and_nothing_else(self):
        reader = self.connect(username="reader", password="r3ad")
        self.assertEqual(reader.query("SELECT 1").result_rows, [(1,)])
        for sql, code in [("SELECT file('/etc/passwd')", 497), ("SELECT * FROM `/etc/passwd`", 497)]:
            with self.subTest(sql=sql), self.assertRaises(DatabaseError) as caught:
                reader.query(sql)
            self.assertEqual(caught.exception.code, code)
        with self.assertRaises(DatabaseError) as caught:
            reader.command("CREATE TABLE x (a UInt8) ENGINE = Memory")
        self.assertEqual(caught.exception.code, 164)
        self.assertEqual(self.server.ask("EXISTS TABLE x"), "0")


if __name__ == "__main__":
    unittest.main()
