//! Shared by the fuzz targets.
use votekit::weblog::{Choice, Column, Media, Needs, detect};

/// Reads `data` as lines in each of `formats`: each line must be exactly one row or one error.
pub fn lines(data: &[u8], formats: &[&str]) {
    let needs = Needs { time: true, columns: vec![Column::ContentType, Column::Status], ..Needs::default() };
    for format in formats {
        let header: &[u8] = match *format {
            "csv" => b"date,time,size,url,status,content-type\n",
            "tsv" => b"date\ttime\tsize\turl\tstatus\tcontent-type\n",
            _ => b"#Fields: date time sc-bytes cs-uri-stem sc-status sc-content-type\n",
        };
        let Ok(reader) = detect(header, &Choice::Named((*format).to_owned()), &needs) else { continue };
        for line in data.split(|byte| *byte == b'\n') {
            let mut rows = 0;
            let read = reader.read(line, |row| {
                rows += 1;
                for media in [Media::Jpeg, Media::Named("image".to_owned())] {
                    media.contains(row.url, row.columns[0]);
                }
            });
            assert_eq!(rows, u32::from(read.is_ok()));
        }
    }
}
