-- Parity reports: whether a new channel tells all that an old one tells.
create table proofs (
  position    integer primary key autoincrement,
  id          text    not null unique,
  at          integer not null,          -- when it was made
  source      text    not null,          -- of the old side
  result      text    not null,
  unexplained integer not null,          -- losses and unsafe disagreements
  report      text    not null           -- JSON: schemas/parity.json
);
create index proofs_source on proofs (source, position);

-- What operators accepted of the findings of such reports.
create table exceptions (
  position    integer primary key autoincrement,
  id          text    not null unique,
  at          integer not null,
  accepted_by text    not null,
  reason      text    not null,
  source      text    not null,
  finding     text,                      -- null: all losses of the type
  type        text,
  missing     text
);
