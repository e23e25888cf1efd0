"""The tables of schema 2, and what the program of that time wrote: see test_upgrade.py."""

STATEMENTS = """
CREATE TABLE meta (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    schema_version INTEGER NOT NULL,
    applied_index INTEGER NOT NULL,
    chain_head BLOB NOT NULL
);
CREATE TABLE lots (
    lot_id TEXT PRIMARY KEY, name TEXT NOT NULL,
    layout_version INTEGER NOT NULL
) WITHOUT ROWID;
CREATE TABLE layouts (
    lot_id TEXT NOT NULL, version INTEGER NOT NULL, applied_index INTEGER NOT NULL,
    committed_at_us INTEGER NOT NULL, document TEXT NOT NULL,
    PRIMARY KEY (lot_id, version)
) WITHOUT ROWID;
CREATE INDEX layouts_by_index ON layouts (applied_index);
CREATE TABLE cameras (
    camera_id TEXT PRIMARY KEY, lot_id TEXT NOT NULL
) WITHOUT ROWID;
CREATE TABLE views (
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL, camera_id TEXT NOT NULL,
    rank INTEGER NOT NULL,
    occupancy INTEGER NOT NULL, confidence INTEGER NOT NULL, captured_at_us INTEGER NOT NULL,
    late_us INTEGER,
    PRIMARY KEY (lot_id, spot_id, camera_id)
) WITHOUT ROWID;
CREATE INDEX views_by_camera ON views (camera_id);
CREATE TABLE spots (
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL,
    occupancy INTEGER NOT NULL, confidence INTEGER NOT NULL, camera_id TEXT NOT NULL,
    since_us INTEGER NOT NULL,
    PRIMARY KEY (lot_id, spot_id)
) WITHOUT ROWID;
CREATE TABLE spot_lives (
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL, added_index INTEGER NOT NULL,
    added_at_us INTEGER NOT NULL, removed_index INTEGER,
    PRIMARY KEY (lot_id, spot_id, added_index)
) WITHOUT ROWID;
CREATE TABLE history (
    applied_index INTEGER NOT NULL, ordinal INTEGER NOT NULL,
    lot_id TEXT NOT NULL, spot_id TEXT NOT NULL,
    previous INTEGER NOT NULL, occupancy INTEGER NOT NULL, confidence INTEGER NOT NULL,
    camera_id TEXT NOT NULL, captured_at_us INTEGER NOT NULL, committed_at_us INTEGER NOT NULL,
    PRIMARY KEY (applied_index, ordinal)
) WITHOUT ROWID;
CREATE INDEX history_by_spot ON history (lot_id, spot_id);
CREATE TABLE counts (
    lot_id TEXT NOT NULL, reporter TEXT NOT NULL,
    available_spaces INTEGER NOT NULL, counted_at_us INTEGER NOT NULL,
    stale INTEGER NOT NULL, status TEXT NOT NULL,
    PRIMARY KEY (lot_id, reporter)
) WITHOUT ROWID;
CREATE TABLE count_history (
    applied_index INTEGER PRIMARY KEY,
    lot_id TEXT NOT NULL, reporter TEXT NOT NULL,
    available_spaces INTEGER NOT NULL, counted_at_us INTEGER NOT NULL,
    stale INTEGER NOT NULL, status TEXT NOT NULL, committed_at_us INTEGER NOT NULL
);
CREATE INDEX count_history_by_reporter ON count_history (lot_id, reporter);
CREATE TABLE sessions (
    camera_id TEXT NOT NULL, boot_id TEXT NOT NULL,
    sequence INTEGER NOT NULL, applied_index INTEGER NOT NULL,
    PRIMARY KEY (camera_id, boot_id)
) WITHOUT ROWID;
CREATE TABLE chain (
    applied_index INTEGER PRIMARY KEY, term INTEGER NOT NULL,
    committed_at_us INTEGER NOT NULL,
    content BLOB NOT NULL, leaf BLOB NOT NULL
);
CREATE TABLE chain_nodes (
    level INTEGER NOT NULL, position INTEGER NOT NULL, digest BLOB NOT NULL,
    PRIMARY KEY (level, position)
) WITHOUT ROWID;
"""

FILLED = (
    "INSERT INTO \"cameras\" VALUES('far','north');;\n"
    "INSERT INTO \"cameras\" VALUES('near','north');;\n"
    'INSERT INTO "chain" VALUES(1,1,1000000,X\'EAB7BA5388B836B3C4828AAF8ADD647D301EAEAC16D'
    "A580EB7437440B811C664',X'0837FEAFF6B9B92E8D7F13851146D1303516206733791CFF5153000911B"
    "32A3B');;\n"
    'INSERT INTO "chain" VALUES(2,1,2000000,X\'FA775DD3891F2907F421587633F39296B2040763A8F'
    "8F12B302C91C48A6CCB4B',X'1FF1D3BD01E5086A44451111FE63FC53D3778D32CB78EC81191C32EDE1B"
    "244D8');;\n"
    'INSERT INTO "chain" VALUES(3,1,3000000,X\'252DB6DD10984E87D6E28A2B48E20F90D9FEA935BB0'
    "B7E7AA551117A7EE84102',X'A99414ACCB7292694DE339866DBAC48234EB3E5F6CCBDA9094EBC7AB459"
    "68A97');;\n"
    'INSERT INTO "chain" VALUES(4,1,4000000,X\'81535588ED73F37D0F354F2199826D85953A601F578'
    "D4F1D265FE23B4FC20F02',X'916D46E33725701FC46033ECD71B1FF464213BFD8ABE20017D13F09A46D"
    "73D82');;\n"
    'INSERT INTO "chain" VALUES(5,1,5000000,X\'4B1FE4CC11DDE0301E73E865FEBB8B9D83D0F5B7F66'
    "460D75D1890A27519A679',X'E1B6688EB5877B4560541AFBC3E85B3E985642292B20E0235C58DDCF6E2"
    "90B70');;\n"
    'INSERT INTO "chain" VALUES(6,1,6000000,X\'96F3A6AD8EFD90035462D4E64DBA426C1720CBD07BA'
    "CFBAA5BFC81A209249356',X'B83E96F85857EF08626A4DD08F5A96FE71A147BDA84DA5BCDD8591057D4"
    "3F712');;\n"
    "INSERT INTO \"history\" VALUES(2,0,'north','A1',3,1,9000,'near',1000000,2000000);;\n"
    "INSERT INTO \"history\" VALUES(2,1,'north','A2',3,2,9000,'near',1000000,2000000);;\n"
    "INSERT INTO \"history\" VALUES(4,0,'north','A1',1,2,9000,'far',2500000,4000000);;\n"
    "INSERT INTO \"history\" VALUES(4,1,'north','A2',2,3,0,'near',2500000,4000000);;\n"
    "INSERT INTO \"history\" VALUES(5,0,'north','A2',3,1,9000,'near',2000000,5000000);;\n"
    'INSERT INTO "layouts" VALUES(\'north\',1,1,1000000,\'{"lot":"north","name":"North lot",'
    '"time_zone":"UTC","latitude":null,"longitude":null,"zones":[["row-a","Row A"]],"spot'
    's":[["A1","row-a"],["A2",""]],"cameras":[["far","",[["A1",[0,0],[50000,0],[50000,500'
    '00],[0,50000]],["A2",[0,0],[50000,0],[50000,50000],[0,50000]]]],["near","",[["A1",[0'
    ',0],[100000,0],[100000,100000],[0,100000]],["A2",[200000,0],[300000,0],[300000,10000'
    "0],[200000,100000]]]]]}');;\n"
    "INSERT INTO \"lots\" VALUES('north','North lot',1);;\n"
    'INSERT INTO "meta" VALUES(1,2,6,X\'58B2143461EACCB4F6C14A42FD200F5CF7FE58DC6E04BD498A'
    "ABD6485FFC5780');;\n"
    "INSERT INTO \"sessions\" VALUES('far','boot-1',1,3);;\n"
    "INSERT INTO \"sessions\" VALUES('near','boot-1',2,5);;\n"
    "INSERT INTO \"spot_lives\" VALUES('north','A1',1,1000000,NULL);;\n"
    "INSERT INTO \"spot_lives\" VALUES('north','A2',1,1000000,NULL);;\n"
    "INSERT INTO \"spots\" VALUES('north','A1',2,9000,'far',2500000);;\n"
    "INSERT INTO \"spots\" VALUES('north','A2',1,9000,'near',2000000);;\n"
    "INSERT INTO \"views\" VALUES('north','A1','far',1,2,9000,1000000,2000000);;\n"
    "INSERT INTO \"views\" VALUES('north','A1','near',0,3,0,2500000,1000000);;\n"
    "INSERT INTO \"views\" VALUES('north','A2','far',1,3,0,0,NULL);;\n"
    "INSERT INTO \"views\" VALUES('north','A2','near',0,1,9000,2000000,3000000);;\n"
)

HEAD_AT_6 = "58b2143461eaccb4f6c14a42fd200f5cf7fe58dc6e04bd498aabd6485ffc5780"
